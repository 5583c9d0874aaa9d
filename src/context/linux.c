/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "context/linux.h"

#include "context/fields.h"
#include "run/begin.h"
#include "run/packet.h"

#define ETH_HLEN 14u
#define ETH_P_802_2 4u

/* Memory that the caller does not give reads as zeros, as much of it as the program asks for. */
size_t sk_linux_room(const struct sk_context *context, const struct sk_input *input)
{
    const struct sk_fields *f = context->fields;
    if (!f->is_memory)
        return sk_fields_slots_at(f) + SK_SLOT_COUNT * sizeof(uint64_t);
    return f->any_size ? input->context_extent : f->size;
}

void sk_linux_begin_memory(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own)
{
    const struct sk_fields *f = context->fields;
    uint64_t size = f->any_size ? input->context_extent : f->size;
    run->fields = f;
    run->regions[0] = (struct sk_region){0};
    if (input->mbuff) {
        size = input->mbuff_size < f->size ? input->mbuff_size : f->size;
        own = input->mbuff;
    } else {
        memset(own, 0, (size_t)size);
    }
    run->context_size = size;
    run->context = run->regs[1] = sk_addr(own);
}

/* What eth_type_trans() makes of the header at the packet's beginning. */
static uint16_t protocol_of(const uint8_t *packet)
{
    uint16_t type = sk_load16(packet + 12);
    return sk_be16(type) >= 0x600 ? type : sk_be16(ETH_P_802_2);
}

void sk_linux_begin_packet(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own)
{
    const struct sk_fields *f = context->fields;
    const uint64_t data = sk_addr(input->mem), end = data + input->mem_size;
    memset(own, 0, f->size);
    if (input->mbuff)
        memcpy(own, input->mbuff, input->mbuff_size < f->size ? input->mbuff_size : f->size);
    run->fields = f;
    run->context = run->regs[1] = sk_addr(own);
    run->context_size = f->size;
    run->slots = (uint64_t *)(void *)(own + sk_fields_slots_at(f));
    run->packet = data;
    run->packet_size = input->mem_size;
    run->packet_meta = data - input->meta_size;
    run->room_low = run->packet_meta - input->headroom;
    run->room_high = end + input->tailroom;
    run->slots[SK_SLOT_DATA] = data;
    run->slots[SK_SLOT_DATA_END] = end;
    run->slots[SK_SLOT_DATA_META] = run->packet_meta;
    run->regions[0] = (struct sk_region){run->packet_meta, end - run->packet_meta, input->mem_access, "packet"};
    run->region_count = 1; /* even when it is empty: see sk_packet_place() */
    run->packet_len = NULL;
    run->redirect.kind = SK_REDIRECT_NONE;
    run->mac_header = context->at_mac || input->headroom < ETH_HLEN ? data : data - ETH_HLEN;
    run->network_header = context->at_mac ? data + ETH_HLEN : data;
    if (f->size != SK_SKB_SIZE)
        return;
    run->packet_len = sk_context_u32(run, SK_SKB_LEN);
    if (*run->packet_len == 0)
        *run->packet_len = (uint32_t)input->mem_size;
    if (context->at_mac && input->mem_size >= ETH_HLEN && *sk_context_u32(run, SK_SKB_PROTOCOL) == 0)
        *sk_context_u32(run, SK_SKB_PROTOCOL) = protocol_of(input->mem);
}

/* The data members as BPF_PROG_TEST_RUN has them: of an xdp_md relative to data_meta, of an skb zero. */
void sk_linux_end_packet(const skep_run *run, void *mbuff, size_t mbuff_size)
{
    const struct sk_fields *f = run->fields;
    uint32_t *data = sk_context_u32(run, f->size == SK_SKB_SIZE ? SK_SKB_DATA : 0);
    uint32_t *meta = sk_context_u32(run, f->size == SK_SKB_SIZE ? SK_SKB_DATA_META : 8);
    data[0] = data[1] = *meta = 0;
    if (f->size != SK_SKB_SIZE) {
        data[0] = (uint32_t)(run->packet - run->packet_meta);
        data[1] = (uint32_t)(sk_packet_end(run) - run->packet_meta);
    }
    memcpy(mbuff, sk_ptr(run->context), mbuff_size < f->size ? mbuff_size : f->size);
}
