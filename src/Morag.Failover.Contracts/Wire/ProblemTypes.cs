namespace Morag.Failover.Contracts.Wire;

/// <summary>The <c>type</c> of problem details, by which programs tell problems apart.</summary>
public static class ProblemTypes
{
    /// <summary>The prefix of every problem type.</summary>
    public const string Prefix = "urn:morag-failover:problem:";

    /// <summary>The input breaks a rule, which a field may name. The status is 400.</summary>
    public const string Invalid = Prefix + "invalid";

    /// <summary>The body is not JSON. The status is 400.</summary>
    public const string NotJson = Prefix + "not_json";

    /// <summary>The body is larger than the call allows. The status is 413.</summary>
    public const string TooLarge = Prefix + "too_large";

    /// <summary>The body is not declared as JSON. The status is 415.</summary>
    public const string WrongMediaType = Prefix + "wrong_media_type";

    /// <summary>The body is compressed in a way that the node does not know. The status is 415.</summary>
    public const string WrongEncoding = Prefix + "wrong_encoding";

    /// <summary>The token is missing, wrong or expired. The status is 401.</summary>
    public const string Unauthorized = Prefix + "unauthorized";

    /// <summary>The token does not allow the call. The status is 403.</summary>
    public const string Forbidden = Prefix + "forbidden";

    /// <summary>The call comes from another web site. The status is 403.</summary>
    public const string ForeignOrigin = Prefix + "foreign_origin";

    /// <summary>The task, worker, queue or failure does not exist. The status is 404.</summary>
    public const string Unknown = Prefix + "unknown";

    /// <summary>The call contradicts the current state. The status is 409.</summary>
    public const string Conflict = Prefix + "conflict";

    /// <summary>The lease that the call names has ended. The status is 409.</summary>
    public const string Stale = Prefix + "stale";

    /// <summary>A limit is reached, and nothing changed. The status is 429.</summary>
    public const string LimitReached = Prefix + "limit_reached";

    /// <summary>The outcome is unknown: the owner of the state did not answer. The status is 503.</summary>
    public const string Unavailable = Prefix + "unavailable";

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
