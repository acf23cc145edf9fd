using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>
/// Runs the examples of <c>docs/http-api.md</c> from top to bottom on a new node. After a change that is meant, run once with
/// <c>MORAG_WRITE_HTTP_API=1</c>, which puts the node's answers into the document, and review them.
/// </summary>
public sealed class HttpApiDocumentSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    // Reads follow writes within seconds; a document that is wrong should not take minutes to say so.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TestFolder folder = new();
    private readonly List<(DocumentedExchange Exchange, StreamReader Reader)> streams = [];
    private NodeProcess node = null!;
    private RawClient raw = null!;

    private static bool Writes => Environment.GetEnvironmentVariable("MORAG_WRITE_HTTP_API") == "1";

    public async Task InitializeAsync()
    {
        node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path });
        raw = new RawClient(node.Address);
    }

    public async Task DisposeAsync()
    {
        streams.ForEach(stream => stream.Reader.Dispose());
        raw.Dispose();
        await node.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Should_have_a_section_with_an_example_for_every_call_of_the_API()
    {
        var document = await File.ReadAllLinesAsync(DocumentFile());
        var calls = (await OpenApiDocument.ReadAsync(raw)).Calls
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.Equal(calls, DocumentedExchange.Calls(document).Order(StringComparer.Ordinal));
        Assert.Equal(calls, DocumentedExchange.Read(document)
            .Where(exchange => exchange.Call == exchange.CallIn(calls))
            .Select(exchange => exchange.Call)
            .Distinct()
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Should_answer_every_request_of_the_document_as_the_document_says()
    {
        var document = await File.ReadAllLinesAsync(DocumentFile());
        var exchanges = DocumentedExchange.Read(document);
        var answers = new Dictionary<DocumentedExchange, IReadOnlyList<string>>();
        var wrong = new List<string>();
        var examples = await ExamplesFile.ReadAsync(await OpenApiDocument.ReadAsync(raw));
        foreach (var exchange in exchanges)
        {
            if (exchange.IsStream)
            {
                await OpenStreamAsync(exchange);
                continue;
            }

            var answer = await AnswerAsync(exchange);
            answers[exchange] = answer.Lines;
            examples.Add(exchange, answer.Body);
            wrong.AddRange(answer.Differences.Select(difference => $"{exchange}: {difference}"));
        }

        foreach (var (exchange, reader) in streams)
        {
            var (lines, differences) = await ReadStreamAsync(exchange, reader);
            answers[exchange] = lines;
            examples.Add(exchange, string.Join('\n', lines.SkipWhile(line => line.Length > 0).Skip(1)));
            wrong.AddRange(differences.Select(difference => $"{exchange}: {difference}"));
        }

        if (Writes)
        {
            await File.WriteAllTextAsync(DocumentFile(), string.Join('\n', Replaced(document, answers)) + "\n");
            await examples.WriteAsync();
            return;
        }

        wrong.AddRange(examples.Defects());

        Assert.True(wrong.Count == 0, $"{string.Join('\n', wrong)}\nIf this is meant, run once with MORAG_WRITE_HTTP_API=1");
    }

    /// <summary>Sends a request. Reads are repeated until they say what is expected: lists follow the writes with a short delay.</summary>
    private async Task<(IReadOnlyList<string> Lines, JsonNode? Body, IReadOnlyList<string> Differences)> AnswerAsync(
        DocumentedExchange exchange)
    {
        var (lines, body, differences) = await SendAsync(exchange);
        for (var waited = TimeSpan.Zero; exchange.Method == "GET" && waited < Patience; waited += Settled)
        {
            if (!Writes && differences.Count == 0)
            {
                break;
            }

            await Task.Delay(Settled);
            var before = body;
            (lines, body, differences) = await SendAsync(exchange);
            if (Writes && !ExampleJson.Differences(before, body).Any())
            {
                break;
            }
        }

        return (lines, body, differences);
    }

    private async Task<(IReadOnlyList<string> Lines, JsonNode? Body, List<string> Differences)> SendAsync(DocumentedExchange exchange)
    {
        using var answer = await raw.SendAsync(RequestOf(exchange));
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
        var expected = exchange.ResponseBody.Length > 0 ? JsonNode.Parse(exchange.ResponseBody) : null;
        var lines = Head(exchange, answer);
        lines.AddRange(["", .. ExampleJson.Format(ExampleJson.Updated(expected, body)).Split('\n')]);
        List<string> differences =
        [
            .. lines.TakeWhile(line => line.Length > 0).Skip(1).Except(exchange.Headers.Select(header => $"{header.Name}: {header.Value}")),
            .. ExampleJson.Differences(expected, body),
        ];
        if ((int)answer.StatusCode != exchange.Status)
        {
            differences.Insert(0, $"status {exchange.Status} in the document, {(int)answer.StatusCode} now: {body?.ToJsonString()}");
        }

        return (lines, body, differences);
    }

    private async Task OpenStreamAsync(DocumentedExchange exchange)
    {
        var answer = await raw.SendAsync(RequestOf(exchange));
        Assert.Equal((exchange.Status, "text/event-stream"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        streams.Add((exchange, new StreamReader(await answer.Content.ReadAsStreamAsync())));
    }

    /// <summary>Reads on until every event that the document shows has come, in the document's order.</summary>
    private static async Task<(IReadOnlyList<string> Lines, IReadOnlyList<string> Differences)> ReadStreamAsync(
        DocumentedExchange exchange, StreamReader reader)
    {
        using var timeout = new CancellationTokenSource(Patience);
        var lines = new List<string> { "200 OK", "Content-Type: text/event-stream", "", ": open" };
        foreach (var part in exchange.ResponseBody.Split("\n\n").Select(part => part.Split('\n')).Where(part => part.Length == 2))
        {
            var expected = JsonNode.Parse(part[1]["data: ".Length..]);
            IReadOnlyList<string> differences = ["no such event came"];
            while (differences.Count > 0)
            {
                if (await ReadEventAsync(part[0], reader, timeout.Token) is not { } data)
                {
                    return (lines, [$"{part[0]}: {differences[0]}"]);
                }

                differences = Writes ? [] : [.. ExampleJson.Differences(expected, data)];
                lines.AddRange(["", part[0], $"data: {ExampleJson.Updated(expected, data)!.ToJsonString(ExampleJson.Plain)}"]);
            }
        }

        return (lines, []);
    }

    /// <summary>What the next event of this name carries; null if the stream ends or none comes in time.</summary>
    private static async Task<JsonNode?> ReadEventAsync(string name, StreamReader reader, CancellationToken timeout)
    {
        try
        {
            for (string? line; (line = await reader.ReadLineAsync(timeout)) is not null;)
            {
                if (line == name && await reader.ReadLineAsync(timeout) is { } data)
                {
                    return JsonNode.Parse(data["data: ".Length..]);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Reported by the caller, which knows what is missing.
        }

        return null;
    }

    private static RawRequest RequestOf(DocumentedExchange exchange) =>
        new(exchange.Method, exchange.Target, exchange.Body is { } body ? Encoding.UTF8.GetBytes(body) : null);

    /// <summary>Status line and those headers that the document shows.</summary>
    private static List<string> Head(DocumentedExchange exchange, HttpResponseMessage answer) =>
    [
        $"{(int)answer.StatusCode} {answer.ReasonPhrase}",
        .. from header in exchange.Headers
           let value = answer.Headers.TryGetValues(header.Name, out var values) ? string.Join(", ", values) : "(absent)"
           select $"{header.Name}: {(ExampleJson.IsSameText(header.Value, value) ? header.Value : value)}",
    ];

    private static IEnumerable<string> Replaced(string[] document, Dictionary<DocumentedExchange, IReadOnlyList<string>> answers)
    {
        var at = 0;
        foreach (var (exchange, lines) in answers.OrderBy(answer => answer.Key.Lines.Start.Value))
        {
            foreach (var line in document[at..exchange.Lines.Start.Value].Concat(lines))
            {
                yield return line;
            }

            at = exchange.Lines.End.Value;
        }

        foreach (var line in document[at..])
        {
            yield return line;
        }
    }

    private static string DocumentFile([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "docs", "http-api.md"));
}
