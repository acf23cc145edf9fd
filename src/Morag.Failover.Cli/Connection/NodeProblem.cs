using System.Net;
using System.Text.Json;
using Morag.Failover.Cli.Texts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Connection;

/// <summary>Why the node rejected a call, read from its problem details (RFC 9457).</summary>
internal sealed record NodeProblem(HttpStatusCode Status, string Message, string? Field)
{
    /// <summary>The type of the problem, a URI; null if the response names none.</summary>
    public string? Type { get; private init; }

    /// <summary>Whether a node wrote it, and not a proxy or load balancer in front of it.</summary>
    public bool IsFromNode => Type?.StartsWith(ProblemTypes.Prefix, StringComparison.Ordinal) == true;

    private const int MaxTextLength = 500;

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient =>
        Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)Status >= 500;

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
        catch (JsonException)
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
        };
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static string Reason(HttpStatusCode status)
    {
        using var answer = new HttpResponseMessage(status);
        return $"{(int)status} {answer.ReasonPhrase}".TrimEnd();
    }

    private static string Shortened(string text) => text.Length <= MaxTextLength ? text : TextCut.First(text, MaxTextLength) + "…";
}
