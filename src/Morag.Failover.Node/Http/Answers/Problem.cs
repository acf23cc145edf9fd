using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>Why a call was rejected, as RFC 9457 problem details.</summary>
internal sealed record Problem : IResult
{
    /// <summary>The kind of problem: a stable URI that programs can compare.</summary>
    public required string Type { get; init; }

    /// <summary>A short description of the kind, the same for every problem of that kind.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What went wrong with this call, in one sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>The JSON path of the invalid field; null if the problem is not about one field.</summary>
    public string? Field { get; init; }

    /// <summary>The fields in which a resubmission differs from the first submission; null for any other problem.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>The owner of the state that is down, such as <c>queue-0</c>; null for any other problem.</summary>
    public string? Owner { get; init; }

    /// <summary>The failing readiness checks by name, each with its reason; null except on <c>/health/ready</c>.</summary>
    public IReadOnlyDictionary<string, string>? Failing { get; init; }

    /// <summary>Seconds to wait before a retry; null if a retry cannot succeed.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    public static Problem Invalid(string? field, string rule) => new()
    {
        Type = ProblemTypes.Invalid,
        Title = "Invalid input",
        Status = StatusCodes.Status400BadRequest,
        Detail = rule,
        Field = field,
    };

    public static Problem UnknownQueue(string field, string rule) => Invalid(field, rule) with
    {
        Type = ProblemTypes.UnknownQueue,
        Title = "Unknown queue",
    };

    public static Problem NotJson(string detail) => new()
    {
        Type = ProblemTypes.NotJson,
        Title = "The body is not valid JSON",
        Status = StatusCodes.Status400BadRequest,
        Detail = detail,
    };

    public static Problem WrongMediaType() => new()
    {
        Type = ProblemTypes.WrongMediaType,
        Title = "Unsupported media type",
        Status = StatusCodes.Status415UnsupportedMediaType,
        Detail = "Send JSON with the header Content-Type: application/json.",
    };

    public static Problem WrongEncoding(string encoding) => new()
    {
        Type = ProblemTypes.WrongEncoding,
        Title = "Unsupported content encoding",
        Status = StatusCodes.Status415UnsupportedMediaType,
        Detail = $"Content-Encoding \"{encoding}\" is not supported. Send the body uncompressed or compressed with gzip.",
    };

    public static Problem TooLarge(int limit) => new()
    {
        Type = ProblemTypes.TooLarge,
        Title = "The body is too large",
        Status = StatusCodes.Status413PayloadTooLarge,
        Detail = $"The body of this call can be at most {limit} bytes after decompression.",
    };

    public static Problem Unknown(string detail) => new()
    {
        Type = ProblemTypes.Unknown,
        Title = "Not found",
        Status = StatusCodes.Status404NotFound,
        Detail = detail,
    };

    public static Problem Stale(string detail) => new()
    {
        Type = ProblemTypes.Stale,
        Title = "The lease has ended",
        Status = StatusCodes.Status409Conflict,
        Detail = detail,
    };

    public static Problem Conflict(string? field, string detail) => new()
    {
        Type = ProblemTypes.Conflict,
        Title = "Conflict with the current state",
        Status = StatusCodes.Status409Conflict,
        Detail = detail,
        Field = field,
    };

    public static Problem Unavailable(string detail) => new()
    {
        Type = ProblemTypes.Unavailable,
        Title = "The outcome is unknown: the call may have been carried out",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = detail,
        RetryAfterSeconds = 1,
    };

    /// <summary>The owner of the state is down. The call changed nothing there.</summary>
    public static Problem Down(string owner, string detail, TimeSpan? retryAfter) => new()
    {
        Type = ProblemTypes.OwnerDown,
        Title = "Part of the state is down: retry later",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = detail,
        Owner = owner,
        RetryAfterSeconds = Math.Max(1, (int)Math.Ceiling((retryAfter ?? TimeSpan.Zero).TotalSeconds)),
    };

    public static Problem NotReady(IReadOnlyDictionary<string, string> failing) => new()
    {
        Type = ProblemTypes.NotReady,
        Title = "The node is not ready",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = string.Join("; ", failing.Select(check => $"{check.Key}: {check.Value}").Take(5))
            + (failing.Count > 5 ? $"; and {failing.Count - 5} more" : ""),
        Failing = failing,
        RetryAfterSeconds = 1,
    };

    public static Problem Unauthorized() => new()
    {
        Type = ProblemTypes.Unauthorized,
        Title = "Authentication required",
        Status = StatusCodes.Status401Unauthorized,
        Detail = "Send a valid token in the header Authorization: Bearer TOKEN.",
    };

    public static Problem Expired(string name, DateTimeOffset at) => Unauthorized() with
    {
        Detail = string.Create(CultureInfo.InvariantCulture, $"The token {name} expired on {at:u}. Send a valid one."),
    };

    public static Problem Forbidden(string name, TokenKind kind) => new()
    {
        Type = ProblemTypes.Forbidden,
        Title = "The token does not allow this call",
        Status = StatusCodes.Status403Forbidden,
        Detail = $"The token {name} is a {WireName.Of(kind)} token, which does not allow this call.",
    };

    public static Problem OtherWorker(string name, IEnumerable<string> workers, WorkerId worker) => Forbidden(name, TokenKind.Worker) with
    {
        Detail = $"The token {name} is for the workers {string.Join(", ", workers)}, and this call is about {worker.Value}.",
    };

    public static Problem ForeignHost() => ForeignOrigin() with
    {
        Detail = "A node without a token can be called only as localhost or by its loopback address, so that no web page can call it under "
            + "another name. Use such an address, or set a token.",
    };

    public static Problem ForeignOrigin() => new()
    {
        Type = ProblemTypes.ForeignOrigin,
        Title = "Cross-origin calls are rejected",
        Status = StatusCodes.Status403Forbidden,
        Detail = "The Origin header does not match the host of this node.",
    };

    /// <summary>A call that the web framework rejected: an unknown route, a wrong method, a malformed request.</summary>
    public static Problem OfStatus(int status, string? detail = null) => new()
    {
        Type = "about:blank",
        Title = ReasonPhrases.GetReasonPhrase(status),
        Status = status,
        Detail = detail ?? "See /openapi/v1.json for the available calls.",
    };

    /// <summary>The problem for an owner's refusal.</summary>
    /// <param name="refused">The owner's reply.</param>
    /// <param name="at">The JSON path of the entry it concerns, such as <c>[3]</c>; empty for the whole body.</param>
    public static Problem Of(Refused refused, string at = "") => refused.Reason switch
    {
        RefusalReason.Invalid => Invalid(refused.Field is null ? null : JsonPath.Join(at, refused.Field), refused.Message),
        RefusalReason.Unknown => Unknown(refused.Message) with { Field = refused.Field },
        RefusalReason.Conflict => Conflict(refused.Field is null ? null : JsonPath.Join(at, refused.Field), refused.Message) with
        {
            Fields = refused.Fields.IsDefaultOrEmpty ? null : [.. refused.Fields.Select(field => JsonPath.Join(at, field))],
        },
        RefusalReason.LimitReached => new()
        {
            Type = ProblemTypes.LimitReached,
            Title = "Limit reached",
            Status = StatusCodes.Status429TooManyRequests,
            Detail = refused.Message,
            Field = refused.Field,
            RetryAfterSeconds = 1,
        },
        RefusalReason.Unavailable when refused.Owner is { } owner => Down(owner, refused.Message, refused.RetryAfter),
        RefusalReason.Unavailable => Unavailable(refused.Message),
        _ => throw new ArgumentOutOfRangeException(nameof(refused), refused.Reason, "no HTTP status is defined for this reason"),
    };

    /// <inheritdoc />
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Type == ProblemTypes.WrongEncoding)
        {
            // RFC 9110, section 12.5.3: this header distinguishes an unsupported encoding from an unsupported media type.
            response.Headers.AcceptEncoding = "gzip";
        }

        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        return response.WriteAsJsonAsync(this, ContractsJson.Options, "application/problem+json", httpContext.RequestAborted);
    }
}

/// <summary>Ends a call with a problem, which <see cref="ProblemMiddleware"/> writes.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>The response.</summary>
    public Problem Problem { get; } = problem;

    /// <summary>A field is invalid.</summary>
    public static ProblemException Invalid(string? field, string rule) => new(Problem.Invalid(field, rule));
}
