namespace Morag.Failover.Contracts.Wire;

/// <summary>The <c>type</c> of problem details that programs tell from others of the same HTTP status.</summary>
public static class ProblemTypes
{
    /// <summary>The prefix of every problem type.</summary>
    public const string Prefix = "urn:morag-failover:problem:";

    /// <summary>
    /// A field of the call names a queue that does not exist. The status is 400, because the path of the call does exist.
    /// </summary>
    public const string UnknownQueue = Prefix + "unknown_queue";

    /// <summary>
    /// The node is starting or stopping and did not process the call. The status is 503. Another node may answer at once.
    /// </summary>
    public const string NotReady = Prefix + "not_ready";

    /// <summary>The owner of the state that the call needs is down, for every node. The status is 503.</summary>
    public const string OwnerDown = Prefix + "owner_down";
}
