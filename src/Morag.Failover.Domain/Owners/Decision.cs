namespace Morag.Failover.Domain.Owners;

/// <summary>
/// What an owner does about a command. It is at most one event, so a decision is stored as a whole or not at all.
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
