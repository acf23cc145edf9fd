using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Access;

/// <summary>Where a call that is open to workers says which worker makes it.</summary>
internal enum WorkerPlace
{
    /// <summary>In its path, as <c>{id}</c>.</summary>
    Path,

    /// <summary>In its body. The handler must call <see cref="CallerToken.RequireWorker"/>.</summary>
    Body,

    /// <summary>Nowhere: the call is about no worker.</summary>
    Nowhere,
}

/// <summary>
/// Which tokens a call accepts, besides those of operators. A call without this metadata is open to readers and reporters if it is a GET,
/// and to operators alone otherwise.
/// </summary>
internal sealed record CallAccess
{
    /// <summary>Whether readers and reporters may make the call.</summary>
    public bool Readers { get; init; }

    /// <summary>Whether reporters may make it.</summary>
    public bool Reporters { get; init; }

    /// <summary>Where the call names its worker; null if workers may not make it.</summary>
    public WorkerPlace? Workers { get; init; }

    /// <summary>The rule for a request.</summary>
    public static CallAccess Of(HttpContext context) =>
        Of(context.GetEndpoint()?.Metadata.GetMetadata<CallAccess>(), context.Request.Method);

    /// <summary>The rule for a call of a method, with the rule that it declares, if it declares one.</summary>
    public static CallAccess Of(CallAccess? declared, string method) =>
        declared ?? new CallAccess { Readers = HttpMethods.IsGet(method) };

    /// <summary>Whether a token of this kind may make the call at all.</summary>
    public bool Allows(TokenKind kind) => kind switch
    {
        TokenKind.Operator => true,
        TokenKind.Reader => Readers,
        TokenKind.Reporter => Readers || Reporters,
        TokenKind.Worker => Workers is not null,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of token."),
    };
}

/// <summary>Declares which tokens a call accepts.</summary>
internal static class CallAccessExtensions
{
    /// <summary>Opens a call to reporters.</summary>
    public static TBuilder OpenToReporters<TBuilder>(this TBuilder call)
        where TBuilder : IEndpointConventionBuilder => call.WithMetadata(new CallAccess { Reporters = true });

    /// <summary>Opens a call to tokens of every kind.</summary>
    public static TBuilder OpenToAll<TBuilder>(this TBuilder call)
        where TBuilder : IEndpointConventionBuilder =>
        call.WithMetadata(new CallAccess { Readers = true, Reporters = true, Workers = WorkerPlace.Nowhere });

    /// <summary>Opens a call to the worker that it names, and closes it to readers unless <paramref name="andReaders"/> is set.</summary>
    public static TBuilder OpenToWorkers<TBuilder>(this TBuilder call, WorkerPlace place, bool andReaders = false)
        where TBuilder : IEndpointConventionBuilder => call.WithMetadata(new CallAccess { Workers = place, Readers = andReaders });
}
