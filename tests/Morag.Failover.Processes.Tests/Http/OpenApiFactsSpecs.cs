using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>What the OpenAPI document says about required fields, problems, tokens and headers, compared with a real node.</summary>
public sealed class OpenApiFactsSpecs : IAsyncLifetime
{
    // Whether these are required depends on another field, which the schema does not say.
    private static readonly HashSet<string> Conditional =
    [
        "POST /api/v1/bulk priority", "POST /api/v1/workers/{id}/results failure_type", "POST /api/v1/workers/{id}/results error_message",
    ];

    private static readonly Stage Unknown = new("never-set", 1);

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;
    private RawClient raw = null!;
    private OpenApiDocument document = null!;

    [Fact]
    public async Task Should_call_a_field_required_exactly_when_a_node_demands_it()
    {
        var schema = new JsonSchema(document.Root);
        var wrong = new List<string>();
        foreach (var call in ApiCall.All.Where(call => call.Body is not null))
        {
            var declared = document.Operation(call.Name).GetProperty("requestBody").GetProperty("content").GetProperty("application/json")
                .GetProperty("schema");
            foreach (var name in FieldsOf(JsonNode.Parse(Unknown.Fill(call.Body!))!).Select(field => field.Key).ToList())
            {
                var body = JsonNode.Parse(Unknown.Fill(call.Body!))!;
                FieldsOf(body).Remove(name);
                if (FieldsOf(body).ContainsKey("dry_run"))
                {
                    FieldsOf(body)["dry_run"] = true;
                }

                using var answer = await SendAsync(call, Unknown, body.ToJsonString());
                var demanded = (int)answer.StatusCode == 400
                    && (await answer.Content.ReadAsStringAsync()).Contains("is required", StringComparison.Ordinal);
                var required = schema.Errors(declared, JsonDocument.Parse(body.ToJsonString()).RootElement, call.Name)
                    .Any(error => error.Contains(" is required", StringComparison.Ordinal));
                if (demanded != required && !Conditional.Contains($"{call.Name} {name}"))
                {
                    wrong.Add($"{call.Name}: {name} is required only {(required ? "in the document" : "by the node")}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));

        static JsonObject FieldsOf(JsonNode body) => (body is JsonArray entries ? entries[0]! : body).AsObject();
    }

    [Fact]
    public async Task Should_document_404_exactly_when_a_node_answers_it_for_unknown_ids()
    {
        var wrong = new List<string>();
        var names = 0;
        foreach (var call in ApiCall.All.Where(call => !Streams(call) || call.Path.Contains("$worker", StringComparison.Ordinal)))
        {
            var unknown = new Stage(string.Create(CultureInfo.InvariantCulture, $"unknown-{++names}"), 1);
            using var answer = await SendAsync(
                call with { Path = Unknowns(call.Path), Query = Unknowns(call.Query) },
                unknown,
                call.Body is { } body ? unknown.Fill(body) : null);
            var documented = document.Operation(call.Name).GetProperty("responses").TryGetProperty("404", out _);
            if (documented != ((int)answer.StatusCode == 404))
            {
                wrong.Add($"{call.Name}: {(int)answer.StatusCode}, 404 is {(documented ? "" : "not ")}in the document");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));

        static string Unknowns(string text) => text
            .Replace("$queue", "none", StringComparison.Ordinal)
            .Replace("$idle", "none", StringComparison.Ordinal)
            .Replace("$alert", "999999", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_document_the_problems_of_a_call_that_comes_too_late()
    {
        var wrong = new List<string>();
        var stages = 0;
        foreach (var call in ApiCall.All.Where(call => !Streams(call) && call.Method != "GET"))
        {
            var stage = await Stage.SetAsync(
                node.Client, string.Create(CultureInfo.InvariantCulture, $"late-{++stages}"), call.OnParkedTask);
            var body = call.Body is null ? null : stage.Fill(call.Body);
            (await SendAsync(call, stage, body)).Dispose();
            (await SendAsync(new("POST", "/api/v1/tasks/cancel", null), stage, """{"filter":{},"reason":"over"}""")).Dispose();
            using var answer = await SendAsync(call, stage, body?.Replace("\"a\":[1]", "\"a\":[2]", StringComparison.Ordinal));
            if (!document.Operation(call.Name).GetProperty("responses").TryGetProperty(
                ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture), out _))
            {
                wrong.Add($"{call.Name}: {(int)answer.StatusCode} is not in the document");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Should_describe_every_call_completely()
    {
        var wrong = new List<string>();
        var ids = new HashSet<string>();
        foreach (var path in document.Root.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var name = $"{operation.Name} {path.Name}";
                var facts = operation.Value;
                Check(ids.Add(facts.GetProperty("operationId").GetString()!), "its operationId is not unique");
                Check(facts.TryGetProperty("security", out var security), "it has no security");
                Check(facts.TryGetProperty("tags", out _), "it has no tag");
                Check(
                    (security.GetArrayLength() == 0) == path.Name.StartsWith("/health", StringComparison.Ordinal),
                    "only the health checks need no token");
                foreach (var parameter in facts.TryGetProperty("parameters", out var list) ? list.EnumerateArray() : default)
                {
                    Check(parameter.TryGetProperty("description", out _), $"{parameter.GetProperty("name")} has no description");
                    Check(
                        parameter.GetProperty("name").GetString() != "after" || HeadersOf(facts, "200").Contains("Link"),
                        "it is paged, but has no Link header");
                }

                Check(
                    !facts.GetProperty("responses").TryGetProperty("503", out _) || HeadersOf(facts, "503").Contains("Retry-After"),
                    "its 503 has no Retry-After");

                void Check(bool holds, string what)
                {
                    if (!holds)
                    {
                        wrong.Add($"{name}: {what}");
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        var scheme = document.Root.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer");
        Assert.Equal(("http", "bearer"), (scheme.GetProperty("type").GetString(), scheme.GetProperty("scheme").GetString()));
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

    private static List<string> HeadersOf(JsonElement operation, string status) =>
        operation.GetProperty("responses").GetProperty(status).TryGetProperty("headers", out var headers)
            ? [.. headers.EnumerateObject().Select(header => header.Name)]
            : [];

    private bool Streams(ApiCall call) =>
        document.Operation(call.Name).GetProperty("responses").TryGetProperty("200", out var answer)
        && answer.GetProperty("content").TryGetProperty("text/event-stream", out _);

    private async Task<HttpResponseMessage> SendAsync(ApiCall call, Stage stage, string? body)
    {
        var request = RawRequest.Of(call with { Body = null }, stage);
        return await raw.SendAsync(request with { Body = body is null ? null : Encoding.UTF8.GetBytes(body) });
    }
}
