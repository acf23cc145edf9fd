using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>Why a call was refused, as RFC 9457 problem details.</summary>
internal sealed record Problem : IResult
{
    /// <summary>What kind of problem it is: a stable URI that programs can compare.</summary>
    public required string Type { get; init; }

    /// <summary>The kind in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>The rule that was broken, or what stands in the way, in one sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>The field that broke the rule, as a JSON path in wire names; null where no single field did.</summary>
    public string? Field { get; init; }

    /// <summary>All fields that it is about, where it may be about several, such as those in which a resubmission differs; else null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>The part of the state that is down, such as <c>queue-0</c>; null where that is not the reason.</summary>
    public string? Owner { get; init; }

    /// <summary>What keeps the node from being ready, by name, each with the reason; null in other answers.</summary>
    public IReadOnlyDictionary<string, string>? Failing { get; init; }

    /// <summary>After how many seconds it is worth trying again; null where repeating does not help.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    public static Problem Invalid(string? field, string rule) => new()
    {
        Type = ProblemTypes.Prefix + "invalid",
        Title = "The input breaks a rule",
        Status = StatusCodes.Status400BadRequest,
        Detail = rule,
        Field = field,
    };

    public static Problem UnknownQueue(string field, string rule) => Invalid(field, rule) with
    {
        Type = ProblemTypes.UnknownQueue,
        Title = "There is no such queue",
    };

    public static Problem NotJson(string detail) => new()
    {
        Type = ProblemTypes.Prefix + "not_json",
        Title = "The body is not valid JSON",
        Status = StatusCodes.Status400BadRequest,
        Detail = detail,
    };

    public static Problem WrongMediaType() => new()
    {
        Type = ProblemTypes.Prefix + "wrong_media_type",
        Title = "The body is of another type",
        Status = StatusCodes.Status415UnsupportedMediaType,
        Detail = "send JSON, with the header Content-Type: application/json",
    };

    public static Problem WrongEncoding(string encoding) => new()
    {
        Type = ProblemTypes.Prefix + "wrong_encoding",
        Title = "The body is encoded in another way",
        Status = StatusCodes.Status415UnsupportedMediaType,
        Detail = $"Content-Encoding \"{encoding}\" is not supported: send the body as it is, or with gzip",
    };

    public static Problem TooLarge(int limit) => new()
    {
        Type = ProblemTypes.Prefix + "too_large",
        Title = "The body is too large",
        Status = StatusCodes.Status413PayloadTooLarge,
        Detail = $"the body of this call may have at most {limit} bytes, counted after decompression",
    };

    public static Problem Unknown(string detail) => new()
    {
        Type = ProblemTypes.Prefix + "unknown",
        Title = "There is no such thing",
        Status = StatusCodes.Status404NotFound,
        Detail = detail,
    };

    public static Problem Stale(string detail) => new()
    {
        Type = ProblemTypes.Prefix + "stale",
        Title = "The lease no longer counts",
        Status = StatusCodes.Status409Conflict,
        Detail = detail,
    };

    public static Problem Unavailable(string detail) => new()
    {
        Type = ProblemTypes.Prefix + "unavailable",
        Title = "The outcome is unknown: ask again, repeating is safe",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = detail,
        RetryAfterSeconds = 1,
    };

    /// <summary>A part of the state is down; the call changed nothing there.</summary>
    public static Problem Down(string owner, string detail, TimeSpan? retryAfter) => new()
    {
        Type = ProblemTypes.Prefix + "owner_down",
        Title = "A part of the state is down: ask again",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = detail,
        Owner = owner,
        RetryAfterSeconds = Math.Max(1, (int)Math.Ceiling((retryAfter ?? TimeSpan.Zero).TotalSeconds)),
    };

    public static Problem NotReady(IReadOnlyDictionary<string, string> failing) => new()
    {
        Type = ProblemTypes.Prefix + "not_ready",
        Title = "The node is not ready",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = string.Join("; ", failing.Select(trouble => $"{trouble.Key}: {trouble.Value}").Take(5)) + (failing.Count > 5 ? $"; and {failing.Count - 5} more" : ""),
        Failing = failing,
        RetryAfterSeconds = 1,
    };

    public static Problem Unauthorized() => new()
    {
        Type = ProblemTypes.Prefix + "unauthorized",
        Title = "A token is needed",
        Status = StatusCodes.Status401Unauthorized,
        Detail = "send a token that is valid now, in the header Authorization: Bearer TOKEN",
    };

    public static Problem ForeignOrigin() => new()
    {
        Type = ProblemTypes.Prefix + "foreign_origin",
        Title = "Calls from other web sites are refused",
        Status = StatusCodes.Status403Forbidden,
        Detail = "the header Origin names another site than the one that is called",
    };

    /// <summary>What the framework itself refused: no such route, a wrong method, a broken request.</summary>
    public static Problem OfStatus(int status, string? detail = null) => new()
    {
        Type = "about:blank",
        Title = ReasonPhrases.GetReasonPhrase(status),
        Status = status,
        Detail = detail ?? "see /openapi/v1.json for the calls that there are",
    };

    /// <summary>What an owner refused.</summary>
    /// <param name="refused">The owner's answer.</param>
    /// <param name="at">The path of the part of the body that it is about, such as <c>[3]</c>; empty for the whole.</param>
    public static Problem Of(Refused refused, string at = "") => refused.Reason switch
    {
        RefusalReason.Invalid => Invalid(refused.Field is null ? null : JsonPath.Join(at, refused.Field), refused.Message),
        RefusalReason.Unknown => Unknown(refused.Message) with { Field = refused.Field },
        RefusalReason.Conflict => new()
        {
            Type = ProblemTypes.Prefix + "conflict",
            Title = "It contradicts the present state",
            Status = StatusCodes.Status409Conflict,
            Detail = refused.Message,
            Field = refused.Field is null ? null : JsonPath.Join(at, refused.Field),
            Fields = refused.Fields.IsDefaultOrEmpty ? null : [.. refused.Fields.Select(field => JsonPath.Join(at, field))],
        },
        RefusalReason.LimitReached => new()
        {
            Type = ProblemTypes.Prefix + "limit_reached",
            Title = "A limit is reached",
            Status = StatusCodes.Status429TooManyRequests,
            Detail = refused.Message,
            Field = refused.Field,
            RetryAfterSeconds = 1,
        },
        RefusalReason.Unavailable when refused.Owner is { } owner => Down(owner, refused.Message, refused.RetryAfter),
        RefusalReason.Unavailable => Unavailable(refused.Message),
        _ => throw new ArgumentOutOfRangeException(nameof(refused), refused.Reason, "a refusal without an HTTP status"),
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

        if (Type == ProblemTypes.Prefix + "wrong_encoding")
        {
            // RFC 9110, 12.5.3: tells a wrong encoding from a wrong media type.
            response.Headers.AcceptEncoding = "gzip";
        }

        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        return response.WriteAsJsonAsync(this, ContractsJson.Options, "application/problem+json", httpContext.RequestAborted);
    }
}

/// <summary>Ends a call with a problem; <see cref="ProblemMiddleware"/> writes it.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>What is answered.</summary>
    public Problem Problem { get; } = problem;

    /// <summary>A field breaks a rule.</summary>
    public static ProblemException Invalid(string? field, string rule) => new(Problem.Invalid(field, rule));
}
