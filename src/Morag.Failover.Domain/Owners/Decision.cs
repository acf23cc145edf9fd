namespace Morag.Failover.Domain.Owners;

/// <summary>
/// The outcome of a command: at most one event, so that it is stored completely or not at all, and a reply.
/// </summary>
/// <param name="Event">The event to persist and apply; null when the command changes nothing.</param>
/// <param name="Reply">The reply. It is sent only after the event is durable.</param>
/// <typeparam name="TReply">The type of the reply.</typeparam>
public readonly record struct Decision<TReply>(IStoredEvent? Event, TReply Reply);

/// <summary>Shorthands for <see cref="Decision{TReply}"/>.</summary>
public static class Decision
{
    /// <summary>A reply to a command that changes nothing.</summary>
    public static Decision<TReply> Unchanged<TReply>(TReply reply) => new(null, reply);
}
