using System.Text.RegularExpressions;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>
/// A request in <c>docs/http-api.md</c> with the response below it: two <c>http</c> code blocks under the heading of a call.
/// </summary>
internal sealed partial record DocumentedExchange
{
    /// <summary>The call as its heading names it, such as <c>GET /api/v1/tasks/{id}</c>; empty outside of a call's section.</summary>
    public required string Call { get; init; }

    public required string Method { get; init; }

    /// <summary>Path and query.</summary>
    public required string Target { get; init; }

    public required string? Body { get; init; }

    public required int Status { get; init; }

    /// <summary>The response headers that the document shows.</summary>
    public required IReadOnlyList<(string Name, string Value)> Headers { get; init; }

    public required string ResponseBody { get; init; }

    /// <summary>Where the response stands in the document, without the fences: its first line, and the line after its last.</summary>
    public required Range Lines { get; init; }

    public bool IsStream => Headers.Contains(("Content-Type", "text/event-stream"));

    public override string ToString() => $"{Method} {Target} (line {Lines.Start})";

    /// <summary>Which of the calls the request is; a path that names no resource wins over one with a placeholder.</summary>
    public string? CallIn(IEnumerable<string> calls)
    {
        var segments = Target.Split('?')[0].Split('/');
        return calls
            .Where(call => call.Split(' ') is [var method, var path] && method == Method && Matches(path.Split('/')))
            .MinBy(call => call.Count(character => character == '{'));

        bool Matches(string[] template) => template.Length == segments.Length
            && template.Zip(segments).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second);
    }

    /// <summary>Every call that has a section, in order.</summary>
    public static IEnumerable<string> Calls(IEnumerable<string> document) =>
        document.Select(line => CallHeading().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);

    /// <summary>Every exchange, in order.</summary>
    public static IReadOnlyList<DocumentedExchange> Read(IReadOnlyList<string> document)
    {
        var exchanges = new List<DocumentedExchange>();
        var call = "";
        string[]? request = null;
        for (var line = 0; line < document.Count; line++)
        {
            if (document[line].StartsWith('#'))
            {
                call = CallHeading().Match(document[line]).Groups[1].Value;
            }

            if (document[line] != "```http")
            {
                continue;
            }

            var first = line + 1;
            line = first;
            while (document[line] != "```")
            {
                line++;
            }

            string[] block = [.. document.Skip(first).Take(line - first)];
            if (request is null)
            {
                request = block;
            }
            else
            {
                exchanges.Add(Of(call, request, block, first..line));
                request = null;
            }
        }

        return request is null ? exchanges : throw new FormatException($"{request[0]} has no response below it");
    }

    private static DocumentedExchange Of(string call, string[] request, string[] response, Range lines)
    {
        var head = response.TakeWhile(line => line.Length > 0).ToList();
        var body = string.Join('\n', request.Skip(1)).Trim();
        return request[0].Split(' ') is [var method, var target] && int.TryParse(head[0].Split(' ')[0], out var status)
            ? new DocumentedExchange
            {
                Call = call,
                Method = method,
                Target = target,
                Body = body.Length > 0 ? body : null,
                Status = status,
                Headers = [.. head.Skip(1).Select(header => header.Split(": ", 2)).Select(header => (header[0], header[1]))],
                ResponseBody = string.Join('\n', response.Skip(head.Count + 1)),
                Lines = lines,
            }
            : throw new FormatException($"Line {lines.Start}: \"{request[0]}\" and \"{head[0]}\" are not a request and a response");
    }

    [GeneratedRegex("^### ([A-Z]+ /.*)$")]
    private static partial Regex CallHeading();
}
