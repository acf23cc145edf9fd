namespace Morag.Failover.Contracts.Wire;

/// <summary>Why a call was refused. The reason tells the caller what to do next.</summary>
public enum RefusalReason
{
    /// <summary>The input is invalid. The same call is refused again.</summary>
    Invalid = 0,

    /// <summary>The task, worker, queue or failure does not exist.</summary>
    Unknown = 1,

    /// <summary>The call conflicts with the current state: an old epoch, different content under a known id, a replaced instance.</summary>
    Conflict = 2,

    /// <summary>A limit is reached. The call may succeed later.</summary>
    LimitReached = 3,

    /// <summary>
    /// The outcome is unknown: the call may have been carried out. If <see cref="Refused.Owner"/> is set, the owner is down, and the call
    /// changed nothing. Repeat the call if it carries an id or changes nothing. Otherwise look first whether it was carried out: a lease
    /// may be extended twice, or a task requeued twice.
    /// </summary>
    Unavailable = 4,
}

/// <summary>
/// The answer to a call that was not carried out. It changed nothing, unless the reason is <see cref="RefusalReason.Unavailable"/>.
/// </summary>
[ProtoContract(Name = "refused")]
public sealed record Refused : IWireMessage
{
    /// <summary>What kind of refusal it is.</summary>
    [ProtoMember(1)] public required RefusalReason Reason { get; init; }

    /// <summary>The rule that was broken, in one sentence.</summary>
    [ProtoMember(2)] public required string Message { get; init; }

    /// <summary>The field that broke it, in its wire name; null where no single field did.</summary>
    [ProtoMember(3)] public string? Field { get; init; }

    /// <summary>All fields that it is about, in their wire names, where it may be about several; else empty.</summary>
    [ProtoMember(4)] public ImmutableArray<string> Fields { get; init; } = [];

    /// <summary>
    /// The owner that is down, by its persistence id, such as <c>queue-0</c>; null unless that is the reason. The call changed nothing
    /// then.
    /// </summary>
    [ProtoMember(5)] public string? Owner { get; init; }

    /// <summary>After how long it is worth asking again; null where nothing is known of that.</summary>
    [ProtoMember(6)] public TimeSpan? RetryAfter { get; init; }

    /// <summary>A refusal for a broken rule of one field.</summary>
    public static Refused Invalid(string field, string message) =>
        new() { Reason = RefusalReason.Invalid, Field = field, Message = message };

    /// <summary>A refusal for something that does not exist.</summary>
    public static Refused Unknown(string message) => new() { Reason = RefusalReason.Unknown, Message = message };

    /// <summary>A refusal for a call that contradicts the present state.</summary>
    public static Refused Conflict(string message) => new() { Reason = RefusalReason.Conflict, Message = message };

    /// <summary>A refusal for a limit that is reached.</summary>
    public static Refused LimitReached(string message) => new() { Reason = RefusalReason.LimitReached, Message = message };

    /// <summary>The answer where the outcome is not known.</summary>
    public static Refused Unavailable(string message) => new() { Reason = RefusalReason.Unavailable, Message = message };

    /// <summary>The answer for an owner that is down: the call did not reach it, and changed nothing.</summary>
    /// <param name="owner">Its persistence id.</param>
    /// <param name="message">What is down, and why.</param>
    /// <param name="retryAfter">After how long it is worth asking again.</param>
    public static Refused Down(string owner, string message, TimeSpan retryAfter) =>
        new() { Reason = RefusalReason.Unavailable, Owner = owner, Message = message, RetryAfter = retryAfter };
}

/// <summary>The call was carried out, and what it changed is durable.</summary>
[ProtoContract(Name = "done")]
public sealed record Done : IWireMessage
{
    /// <summary>The one instance.</summary>
    public static readonly Done Instance = new();
}
