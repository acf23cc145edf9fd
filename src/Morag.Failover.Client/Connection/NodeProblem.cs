using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Morag.Failover.Client.Texts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Connection;

/// <summary>Why the node rejected a call, read from its problem details (RFC 9457).</summary>
internal sealed record NodeProblem(HttpStatusCode Status, string Message, string? Field)
{
    /// <summary>The type of the problem, a URI; null if the response names none.</summary>
    public string? Type { get; private init; }

    /// <summary>All fields that the problem is about, if it can be about several; else empty.</summary>
    public ImmutableArray<string> Fields { get; private init; } = [];

    /// <summary>The owner of the state that is down, such as <c>queue-0</c>; null for any other problem.</summary>
    public string? Owner { get; private init; }

    /// <summary>How long to wait before the call is repeated; null if the response does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether a node wrote it, and not a proxy or load balancer in front of it.</summary>
    public bool IsFromNode => Type?.StartsWith(ProblemTypes.Prefix, StringComparison.Ordinal) == true;

    private const int MaxTextLength = 500;

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient =>
        Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)Status >= 500;

    /// <summary>The problem of a call that another server answered with a web page.</summary>
    public static NodeProblem WebPage(HttpStatusCode status) =>
        new(status, $"a web page ({(int)status}) came back, so another server or a proxy answers instead of the node", null);

    public static NodeProblem Read(HttpStatusCode status, string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return Read(status, document.RootElement);
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // A proxy answered, or another kind of server. Its text is shown unchanged.
        }

        var text = body.Trim();
        return new NodeProblem(status, text.Length == 0 ? Reason(status) : Shortened(text), null);
    }

    public override string ToString() => Field is null ? Message : $"{Field}: {Message}";

    private static NodeProblem Read(HttpStatusCode status, JsonElement problem)
    {
        if (problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Object)
        {
            foreach (var error in errors.EnumerateObject())
            {
                var rules = error.Value.ValueKind == JsonValueKind.Array
                    ? string.Join("; ", error.Value.EnumerateArray().Select(rule => rule.ToString()))
                    : error.Value.ToString();
                return new NodeProblem(status, rules, error.Name.Length == 0 ? null : error.Name);
            }
        }

        return new NodeProblem(status, Text(problem, "detail") ?? Text(problem, "title") ?? Reason(status), Text(problem, "field"))
        {
            Type = Text(problem, "type"),
            Fields = Texts(problem, "fields"),
            Owner = Text(problem, "owner"),
        };
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static ImmutableArray<string> Texts(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Array
            ? [.. values.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)]
            : [];

    private static string Reason(HttpStatusCode status)
    {
        using var answer = new HttpResponseMessage(status);
        return $"{(int)status} {answer.ReasonPhrase}".TrimEnd();
    }

    private static string Shortened(string text) => text.Length <= MaxTextLength ? text : TextCut.First(text, MaxTextLength) + "…";
}
