using System.Collections.Immutable;
using System.Net;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client;

/// <summary>What each kind of problem means to a caller.</summary>
internal static class Problems
{
    /// <summary>The exception for a call that a node refused.</summary>
    public static MoragException Of(NodeRefused refused)
    {
        var failure = Of(refused.Problem);
        if (refused.EarlierMayHaveHappened)
        {
            failure.OnEarlierAttemptLost();
        }

        return failure;
    }

    /// <summary>The exception for an error response.</summary>
    public static MoragException Of(NodeProblem problem) =>
        Create(KindOf(problem), problem.Type, problem.Message, problem.Field, problem.Fields, problem.Owner, problem.RetryAfter);

    /// <summary>The exception for a refusal of an owner.</summary>
    public static MoragException Of(Refused refused) =>
        Create(KindOf(refused), TypeOf(refused), refused.Message, refused.Field, refused.Fields, refused.Owner, refused.RetryAfter);

    /// <summary>The refusal that an error response of one entry of a call stands for.</summary>
    public static Refused ToRefused(NodeProblem problem) => new()
    {
        Reason = KindOf(problem) switch
        {
            ProblemKind.Invalid or ProblemKind.AccessDenied => RefusalReason.Invalid,
            ProblemKind.NotFound => RefusalReason.Unknown,
            ProblemKind.Conflict or ProblemKind.LeaseEnded => RefusalReason.Conflict,
            ProblemKind.LimitReached => RefusalReason.LimitReached,
            ProblemKind.Unavailable or ProblemKind.NothingDone => RefusalReason.Unavailable,
            var other => throw new InvalidOperationException($"No refusal is defined for {other}"),
        },
        Message = problem.Message,
        Field = problem.Field,
        Fields = problem.Fields,
        Owner = problem.Owner,
        RetryAfter = problem.RetryAfter,
    };

    private static MoragException Create(
        ProblemKind kind, string? type, string message, string? field, ImmutableArray<string> fields, string? owner, TimeSpan? after)
    {
        var text = field is null ? message : $"{field}: {message}";
        var all = fields.IsDefault ? [] : fields;
        return kind switch
        {
            ProblemKind.Invalid => new MoragInvalidException(text) { ProblemType = type, Field = field, Fields = all },
            ProblemKind.AccessDenied => new MoragAccessDeniedException(text) { ProblemType = type },
            ProblemKind.NotFound => new MoragNotFoundException(text) { ProblemType = type, Field = field },
            ProblemKind.Conflict => new MoragConflictException(text) { ProblemType = type, Field = field, Fields = all },
            ProblemKind.LeaseEnded => new MoragLeaseEndedException(text) { ProblemType = type },
            ProblemKind.LimitReached => new MoragLimitReachedException(text) { ProblemType = type, Field = field, RetryAfter = after },
            ProblemKind.Unavailable or ProblemKind.NothingDone => new MoragUnavailableException(text)
            {
                ProblemType = type,
                Owner = owner,
                RetryAfter = after,
                OutcomeUnknown = kind == ProblemKind.Unavailable,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no exception is defined for this kind"),
        };
    }

    private static ProblemKind KindOf(NodeProblem problem) => problem.Type switch
    {
        ProblemTypes.Invalid or ProblemTypes.UnknownQueue or ProblemTypes.NotJson or ProblemTypes.TooLarge
            or ProblemTypes.WrongMediaType or ProblemTypes.WrongEncoding => ProblemKind.Invalid,
        ProblemTypes.Unauthorized or ProblemTypes.Forbidden or ProblemTypes.ForeignOrigin => ProblemKind.AccessDenied,
        ProblemTypes.Unknown => ProblemKind.NotFound,
        ProblemTypes.Conflict => ProblemKind.Conflict,
        ProblemTypes.Stale => ProblemKind.LeaseEnded,
        ProblemTypes.LimitReached => ProblemKind.LimitReached,
        ProblemTypes.Unavailable => ProblemKind.Unavailable,
        ProblemTypes.OwnerDown or ProblemTypes.NotReady => ProblemKind.NothingDone,
        _ => OfStatus(problem.Status),
    };

    // A type that a newer node defines, a route that an older node lacks, or the response of a proxy. A proxy that answers "not found" or
    // redirects says nothing about a task, so an outcome must survive it.
    private static ProblemKind OfStatus(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ProblemKind.AccessDenied,
        HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.MisdirectedRequest or < HttpStatusCode.BadRequest =>
            ProblemKind.Unavailable,
        HttpStatusCode.Conflict => ProblemKind.Conflict,
        HttpStatusCode.TooManyRequests => ProblemKind.LimitReached,
        HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => ProblemKind.Unavailable,
        _ => ProblemKind.Invalid,
    };

    private static ProblemKind KindOf(Refused refused) => refused.Reason switch
    {
        RefusalReason.Invalid => ProblemKind.Invalid,
        RefusalReason.Unknown => ProblemKind.NotFound,
        RefusalReason.Conflict => ProblemKind.Conflict,
        RefusalReason.LimitReached => ProblemKind.LimitReached,
        RefusalReason.Unavailable => refused.Owner is null ? ProblemKind.Unavailable : ProblemKind.NothingDone,
        _ => throw new ArgumentOutOfRangeException(nameof(refused), refused.Reason, "no problem is defined for this reason"),
    };

    private static string TypeOf(Refused refused) => refused.Reason switch
    {
        RefusalReason.Invalid => ProblemTypes.Invalid,
        RefusalReason.Unknown => ProblemTypes.Unknown,
        RefusalReason.Conflict => ProblemTypes.Conflict,
        RefusalReason.LimitReached => ProblemTypes.LimitReached,
        RefusalReason.Unavailable => refused.Owner is null ? ProblemTypes.Unavailable : ProblemTypes.OwnerDown,
        _ => throw new ArgumentOutOfRangeException(nameof(refused), refused.Reason, "no problem type is defined for this reason"),
    };

    private enum ProblemKind
    {
        Invalid,
        AccessDenied,
        NotFound,
        Conflict,
        LeaseEnded,
        LimitReached,
        Unavailable,
        NothingDone,
    }
}
