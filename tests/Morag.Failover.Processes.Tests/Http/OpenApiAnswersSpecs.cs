using System.Globalization;
using System.Text.Json;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>Compares the OpenAPI document with a real node, in both directions.</summary>
public sealed class OpenApiAnswersSpecs : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private NodeProcess node = null!;
    private RawClient raw = null!;
    private OpenApiDocument document = null!;

    [Fact]
    public async Task Should_match_the_document_when_a_call_succeeds()
    {
        var schema = new JsonSchema(document.Root);
        var wrong = new List<string>();
        var stages = 0;
        foreach (var call in ApiCall.All)
        {
            var stage = await Stage.SetAsync(
                node.Client, string.Create(CultureInfo.InvariantCulture, $"stage-{++stages}"), call.OnParkedTask);
            using var answer = await raw.SendAsync(RawRequest.Of(call, stage));
            var type = answer.Content.Headers.ContentType?.MediaType;
            if (!TryContent(call, (int)answer.StatusCode, type, out var declared))
            {
                wrong.Add($"{call.Name}: {(int)answer.StatusCode} {type} is not in the document");
            }
            else if (type != "text/event-stream")
            {
                var value = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
                wrong.AddRange(schema.Errors(declared, value, call.Name));
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Should_match_the_document_when_a_call_is_rejected()
    {
        var schema = new JsonSchema(document.Root);
        var wrong = new List<string>();
        foreach (var call in ApiCall.All)
        {
            var path = call.Path
                .Replace("$task", "nothing", StringComparison.Ordinal)
                .Replace("$worker", "nobody", StringComparison.Ordinal)
                .Replace("$queue", "none", StringComparison.Ordinal);
            RawRequest[] broken =
            [
                new(call.Method, path + "?limit=none&top=none&from=none&state=none", "{"u8.ToArray()),
                new(call.Method, path + "?limit=none&top=none&from=none&state=none", "{}"u8.ToArray(), "text/plain"),
            ];
            foreach (var request in broken)
            {
                using var answer = await raw.SendAsync(request);
                if ((int)answer.StatusCode < 400)
                {
                    continue;
                }

                var type = answer.Content.Headers.ContentType?.MediaType;
                wrong.AddRange(TryContent(call, (int)answer.StatusCode, type, out var declared)
                    ? schema.Errors(declared, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement, call.Name)
                    : [$"{call.Name}: {(int)answer.StatusCode} {type} is not in the document"]);
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Should_document_a_field_exactly_when_a_request_has_it()
    {
        var schema = new JsonSchema(document.Root);
        var stage = new Stage("name", 1);
        var wrong = new List<string>();
        foreach (var call in ApiCall.All.Where(call => call.Body is not null))
        {
            var content = document.Operation(call.Name).GetProperty("requestBody").GetProperty("content");
            var declared = content.GetProperty("application/json").GetProperty("schema");
            wrong.AddRange(schema.Errors(declared, JsonDocument.Parse(stage.Fill(call.Body!)).RootElement, call.Name));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        var requests = document.Root.GetProperty("components").GetProperty("schemas").EnumerateObject()
            .Where(component => component.Name.EndsWith("Request", StringComparison.Ordinal))
            .SelectMany(
                component => component.Value.GetProperty("properties").EnumerateObject().Select(field => $"{component.Name}.{field.Name}"));
        Assert.Empty(requests.Except(schema.Seen));
    }

    [Fact]
    public void Should_document_a_parameter_when_a_query_has_it()
    {
        var wrong = from call in ApiCall.All
                    let declared = document.Operation(call.Name).TryGetProperty("parameters", out var parameters)
                        ? parameters.EnumerateArray()
                            .Where(parameter => parameter.GetProperty("in").GetString() == "query")
                            .Select(parameter => parameter.GetProperty("name").GetString()!)
                        : []
                    let used = call.Query.Split('&', StringSplitOptions.RemoveEmptyEntries)
                        .Select(pair => pair[..pair.IndexOf('=', StringComparison.Ordinal)])
                    from name in used.Except(declared)
                    select $"{call.Name}: {name}";

        Assert.Empty(wrong);
    }

    public async Task InitializeAsync()
    {
        node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path });
        raw = new RawClient(node.Address);
        document = await OpenApiDocument.ReadAsync(raw);
    }

    public async Task DisposeAsync()
    {
        raw.Dispose();
        await node.DisposeAsync();
        folder.Dispose();
    }

    private bool TryContent(ApiCall call, int status, string? type, out JsonElement schema)
    {
        schema = default;
        var responses = document.Operation(call.Name).GetProperty("responses");
        return type is not null
            && responses.TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out var response)
            && response.TryGetProperty("content", out var content)
            && content.TryGetProperty(type, out var media)
            && media.TryGetProperty("schema", out schema);
    }
}
