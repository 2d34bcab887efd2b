// Package worker shares partitions among the processes of a group, by NATS JetStream.
//
// Each process is a member: a key in a KV bucket, which it writes again and again and which
// expires when it does not. All members see the same keys and give each partition to the
// member that rendezvous hashing chooses, so that a member that comes or goes moves only its
// own share. Nothing is negotiated. While two members disagree, or one of them is frozen or
// cut off, both may work on a partition: a stream.Store lets only one of them store anything,
// and the other ends.
package worker
