/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_LIST_H
#define SHIM_LINUX_LIST_H

#include <linux/types.h>

#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#endif

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#define LIST_HEAD(name)	struct list_head name = { &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	node->next = list;
	node->prev = list->prev;
	list->prev->next = node;
	list->prev = node;
}

/* What is in no list any more must not be taken out again. */
static inline void list_del(struct list_head *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
	node->next = NULL;
	node->prev = NULL;
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	struct list_head *node;

	while (!list_empty(from)) {
		node = from->prev;
		list_del(node);
		node->prev = to;
		node->next = to->next;
		to->next->prev = node;
		to->next = node;
	}
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *list)
{
	node->next = list->first;
	node->pprev = &list->first;
	if (list->first)
		list->first->pprev = &node->next;
	list->first = node;
}

static inline void hlist_del(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->next = NULL;
	node->pprev = NULL;
}

#define list_first_entry(list, type, member) container_of((list)->next, type, member)

#define list_for_each_entry(entry, list, member)					\
	for (entry = container_of((list)->next, __typeof__(*entry), member);		\
	     &entry->member != (list);							\
	     entry = container_of(entry->member.next, __typeof__(*entry), member))

#define list_for_each_entry_safe(entry, after, list, member)				\
	for (entry = container_of((list)->next, __typeof__(*entry), member),		\
	     after = container_of(entry->member.next, __typeof__(*entry), member);	\
	     &entry->member != (list);							\
	     entry = after, after = container_of(after->member.next, __typeof__(*entry), member))

#define hlist_entry_safe(node, type, member)						\
	({ struct hlist_node *_node = (node); _node ? container_of(_node, type, member) : NULL; })

#define hlist_for_each_entry(entry, list, member)					\
	for (entry = hlist_entry_safe((list)->first, __typeof__(*entry), member); entry;	\
	     entry = hlist_entry_safe(entry->member.next, __typeof__(*entry), member))

#define hlist_for_each_entry_safe(entry, after, list, member)				\
	for (entry = hlist_entry_safe((list)->first, __typeof__(*entry), member);	\
	     entry && ({ after = entry->member.next; 1; });				\
	     entry = hlist_entry_safe(after, __typeof__(*entry), member))

#endif
