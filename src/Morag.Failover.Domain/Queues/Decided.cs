using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Domain.Queues;

/// <summary>What a command comes to.</summary>
/// <param name="Event">What changes; null where nothing does.</param>
/// <param name="Reply">The answer, to be given once the event is durable.</param>
public readonly record struct Decided<TReply>(IStoredEvent? Event, TReply Reply);
