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
}
