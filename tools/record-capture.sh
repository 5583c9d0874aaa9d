#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Record tests/data/captures/mixed.pcap: real traffic between real programs
# in two network namespaces joined by a veth pair. No packet leaves the
# namespaces; they have no route out. Also writes counts.tsv, the number of
# packets tcpdump selects in that capture for each of a list of expressions.
#
# usage: record-capture.sh [--count] [DIRECTORY]
#   --count    do not record; only rewrite counts.tsv from the mixed.pcap there
#   DIRECTORY  where to write (default: tests/data/captures beside this script)
#
# Recording needs root and, on Debian:
#   apt-get install curl dnsmasq-base bind9-dnsutils ethtool iproute2 \
#       iputils-ping openssh-client openssh-server python3 socat tcpdump
set -euo pipefail
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
unset SSH_AUTH_SOCK

count_only=0
if [[ ${1-} == --count ]]; then count_only=1; shift; fi
if (( $# > 1 )) || [[ ${1-} == -* ]]; then
    sed -n 's/^# \{0,1\}usage:/usage:/p' "$0" >&2
    exit 2
fi
out=${1:-$(cd "$(dirname "$0")/.." && pwd)/tests/data/captures}
pcap=$out/mixed.pcap

die() { echo "record-capture: $*" >&2; exit 1; }

# ---------------------------------------------------------------- counting --

# name|expression. In libpcap, tcp[...] looks at IPv4 only, "icmp6" does not
# look behind a hop-by-hop header, and after the word "vlan" the rest of the
# expression looks behind the tag: an expression without it sees no packet
# with a tag except by its length or its Ethernet addresses.
expressions() {
    cat <<'LIST'
total|
ipv4|ip
ipv6|ip6
arp|arp
vlan|vlan
ethertype_vlan|ether proto 0x8100
ethertype_other|not (ip or ip6 or arp or ether proto 0x8100)
arp_request|arp[6:2] = 1
arp_reply|arp[6:2] = 2
tcp|tcp
tcp_ipv4|ip and tcp
tcp_ipv6|ip6 and tcp
udp|udp
udp_ipv4|ip and udp
udp_ipv6|ip6 and udp
icmp|icmp
icmp6|icmp6
icmp_echo_request|icmp[icmptype] = icmp-echo
icmp_echo_reply|icmp[icmptype] = icmp-echoreply
icmp_unreachable|icmp[icmptype] = icmp-unreach
icmp6_echo_request|ip6[6] = 58 and ip6[40] = 128
icmp6_echo_reply|ip6[6] = 58 and ip6[40] = 129
icmp6_neighbour_solicitation|ip6[6] = 58 and ip6[40] = 135
icmp6_neighbour_advertisement|ip6[6] = 58 and ip6[40] = 136
ipv6_hop_by_hop|ip6[6] = 0
tcp_port_80|tcp port 80
tcp_dst_port_80|tcp dst port 80
tcp_src_port_80|tcp src port 80
tcp_port_22|tcp port 22
tcp_port_53|tcp port 53
udp_port_53|udp port 53
udp_dst_port_53|udp dst port 53
udp_port_7|udp port 7
port_53|port 53
portrange_1_79|portrange 1-79
tcp_syn_no_ack_ipv4|tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn
tcp_syn_no_ack_ipv6|ip6[6] = 6 and ip6[53] & 0x12 = 0x02
tcp_syn_no_ack|(tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn) or (ip6[6] = 6 and ip6[53] & 0x12 = 0x02)
tcp_syn_ack_ipv4|tcp[tcpflags] & (tcp-syn|tcp-ack) = (tcp-syn|tcp-ack)
tcp_fin_ipv4|tcp[tcpflags] & tcp-fin != 0
tcp_rst_ipv4|tcp[tcpflags] & tcp-rst != 0
tcp_rst_ipv6|ip6[6] = 6 and ip6[53] & 0x04 != 0
tcp_with_data_ipv4|tcp and ip[2:2] - ((ip[0] & 0x0f) << 2) - ((tcp[12] & 0xf0) >> 2) != 0
fragments_ipv4|ip[6:2] & 0x3fff != 0
fragments_ipv4_first|ip[6:2] & 0x3fff = 0x2000
fragments_ipv4_later|ip[6:2] & 0x1fff != 0
fragments_ipv6|ip6[6] = 44
fragments_ipv6_first|ip6[6] = 44 and ip6[42:2] & 0xfff8 = 0
fragments|(ip[6:2] & 0x3fff != 0) or (ip6[6] = 44)
src_client_ipv4|ip src host 10.77.0.1
src_server_ipv4|ip src host 10.77.0.2
host_server_ipv6|ip6 host fd00:77::2
ether_broadcast|ether broadcast
ether_multicast|ether multicast
ether_src_client|ether src 02:00:00:00:00:01
longer_than_1000|len > 1000
shorter_than_60|len < 60
vlan_id_5|vlan 5
vlan_arp|vlan and arp
vlan_ipv4|vlan and ip
vlan_ipv6|vlan and ip6
vlan_tcp|vlan and tcp
vlan_tcp_port_80|vlan and tcp port 80
vlan_udp|vlan and udp
vlan_icmp|vlan and icmp
vlan_icmp6|vlan and icmp6
LIST
}

write_counts() {
    local name expr n
    [[ -s $pcap ]] || die "no capture at $pcap"
    while IFS='|' read -r name expr; do
        n=$(tcpdump -nn -r "$pcap" --count "$expr" 2>/dev/null) ||
            die "tcpdump does not take: $expr"
        printf '%s\t%s\t%s\n' "$name" "$expr" "${n%% *}"
    done < <(expressions) > "$out/counts.tsv.new"
    mv "$out/counts.tsv.new" "$out/counts.tsv"
}

if (( count_only )); then
    write_counts
    exit 0
fi

# --------------------------------------------------------------- preparing --

(( EUID == 0 )) || die "recording needs root (network namespaces)"
for tool in curl dig dnsmasq ethtool ip ping python3 socat ssh ssh-keygen sshd tcpdump; do
    command -v "$tool" >/dev/null || die "$tool is not installed"
done
mkdir -p "$out"

cli=cap-client-$$
srv=cap-server-$$
work=$(mktemp -d)
made_run_sshd=0

cleanup() {
    local status=$? ns pid
    set +e
    for ns in "$cli" "$srv"; do
        for pid in $(ip netns pids "$ns" 2>/dev/null); do
            kill "$pid" 2>/dev/null
        done
    done
    wait
    ip netns del "$cli" 2>/dev/null     # takes the veth pair with it
    ip netns del "$srv" 2>/dev/null
    (( made_run_sshd )) && rmdir /run/sshd
    if (( status )) && [[ -s $work/log ]]; then tail -n 20 "$work/log" >&2; fi
    rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

on_cli() { ip netns exec "$cli" "$@"; }
on_srv() { ip netns exec "$srv" "$@"; }

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
    local end=$((SECONDS + $1)); shift
    until "$@"; do
        (( SECONDS < end )) || die "gave up waiting for: $*"
        sleep 0.1
    done
}

ip netns add "$cli"
ip netns add "$srv"
on_cli ip link add name eth0 address 02:00:00:00:00:01 type veth \
    peer name eth0 address 02:00:00:00:00:02 netns "$srv"
for ns in "$cli" "$srv"; do
    ip -n "$ns" link set lo up
    # The capture is to hold what would go over a wire: whole checksums and
    # segments no longer than the MTU.
    ip netns exec "$ns" ethtool -K eth0 tx off rx off sg off tso off gso off gro off \
        >/dev/null 2>&1 || die "ethtool could not turn the offloads off"
done

# With only one end up there is no carrier, so that tcpdump can start before
# the first packet (duplicate address detection, multicast reports).
ip -n "$cli" link set eth0 up
ip netns exec "$cli" tcpdump -i eth0 -n -s 0 -U --immediate-mode -y EN10MB -Z root \
    -w "$work/mixed.pcap" 2>"$work/tcpdump.log" &
tcpdump_pid=$!
wait_for 5 grep -q 'listening on' "$work/tcpdump.log"
ip -n "$srv" link set eth0 up

# A VLAN sub-interface at both ends. Where the kernel was built without
# 802.1Q, a tap interface and a process which adds and removes the tag.
cat > "$work/vlan-relay.py" <<'PY'
import fcntl, os, select, socket, struct, sys
name, parent, vid = sys.argv[1], sys.argv[2], int(sys.argv[3])
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x1002))
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
raw.setsockopt(263, 8, 1)               # SOL_PACKET, PACKET_AUXDATA
raw.bind((parent, 3))
while True:
    ready, _, _ = select.select([tap, raw], [], [])
    if tap in ready:
        frame = os.read(tap, 2048)
        raw.send(frame[:12] + struct.pack("!HH", 0x8100, vid) + frame[12:])
    if raw in ready:
        frame, control, _, address = raw.recvmsg(2048, 256)
        if address[2] == 4:             # PACKET_OUTGOING
            continue
        for level, kind, data in control:
            if (level, kind) == (263, 8):
                status, _, _, _, _, tci, _ = struct.unpack("=IIIHHHH", data[:20])
                if status & 0x10 and tci & 0xfff == vid:
                    os.write(tap, frame)
PY
for ns in "$cli" "$srv"; do
    mac=$(ip netns exec "$ns" cat /sys/class/net/eth0/address)
    if ! ip -n "$ns" link add link eth0 name eth0.5 type vlan id 5 2>/dev/null; then
        ip netns exec "$ns" python3 "$work/vlan-relay.py" eth0.5 eth0 5 >>"$work/log" 2>&1 &
        wait_for 5 ip netns exec "$ns" test -e /sys/class/net/eth0.5
    fi
    ip -n "$ns" link set eth0.5 address "$mac" up
done

for side in "$cli 1" "$srv 2"; do
    read -r ns n <<<"$side"
    ip -n "$ns" addr add "10.77.0.$n/24" dev eth0
    ip -n "$ns" addr add "fd00:77::$n/64" dev eth0
    ip -n "$ns" addr add "10.77.5.$n/24" dev eth0.5
    ip -n "$ns" addr add "fd00:77:5::$n/64" dev eth0.5
done
no_tentative() { [[ -z $(ip -n "$1" -6 addr show tentative) ]]; }
wait_for 10 no_tentative "$cli"
wait_for 10 no_tentative "$srv"

# ----------------------------------------------------------------- servers --

mkdir "$work/www"
{
    echo '<!DOCTYPE html><title>web.example</title><h1>A small page</h1><ol>'
    for i in $(seq 1 180); do printf '<li>line %03d of a page of some 8 KB</li>\n' "$i"; done
    echo '</ol>'
} > "$work/www/index.html"
on_srv python3 - "$work/www" >>"$work/log" 2>&1 <<'PY' &
import functools, http.server, socket, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    server_version, sys_version = "SimpleHTTP", ""
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6    # and IPv4, through mapped addresses
Server(("::", 80), functools.partial(Handler, directory=sys.argv[1])).serve_forever()
PY

on_srv dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
    --user=root --pid-file= --log-facility=- --listen-address=10.77.0.2,fd00:77::2,10.77.5.2 \
    --bind-interfaces --local=/example/ \
    --host-record=web.example,10.77.0.2,fd00:77::2 \
    --cname=www.web.example,web.example \
    --txt-record=text.example,"a text record" >>"$work/log" 2>&1 &

ssh-keygen -q -t ed25519 -N '' -C 'host.example' -f "$work/hostkey"
if [[ ! -d /run/sshd ]]; then mkdir /run/sshd; made_run_sshd=1; fi
on_srv "$(command -v sshd)" -D -e -f /dev/null -o "HostKey=$work/hostkey" -o PidFile=none \
    -o UseDNS=no -o UsePAM=no -o PasswordAuthentication=no >>"$work/log" 2>&1 &

on_srv socat -b 8192 UDP6-RECVFROM:7,ipv6only=0,fork PIPE >>"$work/log" 2>&1 &

listening() { [[ -n $(on_srv ss -Hln "$1" "sport = :$2") ]]; }
wait_for 10 listening -t 80
wait_for 10 listening -t 53
wait_for 10 listening -t 22
wait_for 10 listening -u 7

# ----------------------------------------------------------------- clients --

# ends_with STATUS COMMAND...: the command must end with that status
ends_with() {
    local want=$1 got=0; shift
    "$@" >>"$work/log" 2>&1 || got=$?
    (( got == want )) || die "ended with $got, not $want: $*"
}
# Not the user's configuration, not a proxy
web() { on_cli curl -q -s --noproxy '*' --max-time 10 -A curl -o "$work/got" "$@"; }
dns() { on_cli dig +tries=1 +time=5 "$@"; }
echo_udp() { on_cli socat -b 8192 -t 0.3 - "$1" >"$work/got"; }
login() {
    on_cli ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null \
        -o IdentityFile=none -o IdentityAgent=none -o ConnectTimeout=10 demo@"$1" true
}

at4=web.example:80:10.77.0.2
at6='web.example:80:[fd00:77::2]'
ends_with 0 on_cli ping -4 -n -q -c 3 -i 0.2 10.77.0.2
ends_with 0 on_cli ping -6 -n -q -c 3 -i 0.2 fd00:77::2
for at in "$at4" "$at6"; do
    ends_with 0 web --resolve "$at" http://web.example/
    cmp "$work/got" "$work/www/index.html"
    ends_with 0 web --resolve "$at" -I http://web.example/
    ends_with 0 web --resolve "$at" http://web.example/nothing-here
done

ends_with 0 dns @10.77.0.2 web.example A
ends_with 0 dns @10.77.0.2 web.example AAAA
ends_with 0 dns @10.77.0.2 missing.example A          # NXDOMAIN
ends_with 0 dns @10.77.0.2 www.web.example A
ends_with 0 dns @10.77.0.2 text.example TXT
ends_with 0 dns @10.77.0.2 +tcp web.example A
ends_with 0 dns @fd00:77::2 web.example AAAA
ends_with 0 dns @fd00:77::2 missing.example AAAA      # NXDOMAIN

ends_with 255 login 10.77.0.2                         # there is no such user
ends_with 255 login fd00:77::2

ends_with 7 web http://10.77.0.2:81/                  # closed: RST
ends_with 7 web 'http://[fd00:77::2]:81/'
echo 'to a closed port' | on_cli socat -t 0.3 - UDP4:10.77.0.2:9 >>"$work/log" 2>&1 || true
echo 'to a closed port' | on_cli socat -t 0.3 - 'UDP6:[fd00:77::2]:9' >>"$work/log" 2>&1 || true

for to in UDP4:10.77.0.2:7 'UDP6:[fd00:77::2]:7'; do
    for i in 1 2 3; do
        echo "datagram number $i" > "$work/sent"
        echo_udp "$to" < "$work/sent"
        cmp "$work/got" "$work/sent"
    done
    head -c 3000 "$work/www/index.html" > "$work/sent"   # in three fragments
    echo_udp "$to" < "$work/sent"
    cmp "$work/got" "$work/sent"
done
ends_with 0 on_cli ping -4 -n -q -c 1 -s 3000 10.77.0.2
ends_with 0 on_cli ping -6 -n -q -c 1 -s 3000 fd00:77::2

ends_with 0 on_cli ping -4 -n -q -c 2 -i 0.2 10.77.5.2   # with a VLAN tag
ends_with 0 on_cli ping -6 -n -q -c 2 -i 0.2 fd00:77:5::2
ends_with 0 dns @10.77.5.2 web.example A
ends_with 0 web --resolve web.example:80:10.77.5.2 http://web.example/
ends_with 0 web --resolve 'web.example:80:[fd00:77:5::2]' -I http://web.example/

sleep 0.5
kill "$tcpdump_pid"
wait "$tcpdump_pid" || true
grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" || die "tcpdump lost packets"

# ------------------------------------------------------------------ result --

install -m 644 "$work/mixed.pcap" "$pcap"
write_counts
packets=$(sed -n 's/^total\t\t//p' "$out/counts.tsv")
echo "mixed.pcap: $packets packets, $(stat -c %s "$pcap") bytes"
