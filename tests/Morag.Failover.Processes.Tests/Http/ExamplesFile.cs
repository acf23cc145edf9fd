using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>
/// The examples of the OpenAPI document: the requests of <c>docs/http-api.md</c> with the whole answers of a node, whose arrays are cut.
/// </summary>
internal sealed class ExamplesFile
{
    private const int MostElements = 2;
    private const string Separator = ",\n";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<(DocumentedExchange Exchange, JsonNode? Answer)> answered = [];
    private readonly JsonArray stored;
    private readonly OpenApiDocument openApi;

    private ExamplesFile(JsonArray stored, OpenApiDocument openApi) => (this.stored, this.openApi) = (stored, openApi);

    /// <summary>Reads the file, to compare it with an OpenAPI document.</summary>
    public static async Task<ExamplesFile> ReadAsync(OpenApiDocument openApi) =>
        new(JsonNode.Parse(await File.ReadAllTextAsync(Location()))!.AsArray(), openApi);

    /// <summary>Adds the answer of a node, if the OpenAPI document has the call.</summary>
    public void Add(DocumentedExchange exchange, JsonNode? answer)
    {
        if (exchange.CallIn(openApi.Calls) is { } call)
        {
            answered.Add((exchange with { Call = call }, Cut(answer)));
        }
    }

    /// <summary>Writes what was added. A value that differs from run to run stays as it was.</summary>
    public Task WriteAsync()
    {
        var examples = answered.Select((pair, index) =>
        {
            var fresh = Of(pair.Exchange, pair.Answer);
            var old = stored.Count > index && IsSameRequest(stored[index]!, fresh) ? stored[index]!["answer"] : null;
            fresh["answer"] = old is null ? pair.Answer?.DeepClone() : ExampleJson.Updated(old, pair.Answer);
            return fresh.ToJsonString(Plain);
        });
        return File.WriteAllTextAsync(Location(), $"[\n{string.Join(Separator, examples)}\n]\n");
    }

    /// <summary>Where the examples of the OpenAPI document differ from what was answered, or from its schemas.</summary>
    public IEnumerable<string> Defects()
    {
        var schema = new JsonSchema(openApi.Root);
        foreach (var (exchange, answer) in answered)
        {
            var operation = openApi.Operation(exchange.Call);
            if (exchange.Body is { } body)
            {
                foreach (var defect in DefectsOf(operation.GetProperty("requestBody"), JsonNode.Parse(body), same: true))
                {
                    yield return $"{exchange}: the request: {defect}";
                }
            }

            var status = exchange.Status.ToString(CultureInfo.InvariantCulture);
            if (!operation.GetProperty("responses").TryGetProperty(status, out var response))
            {
                yield return $"{exchange}: {status} is not in the OpenAPI document";
                continue;
            }

            foreach (var defect in DefectsOf(response, answer, same: false))
            {
                yield return $"{exchange}: the answer: {defect}";
            }
        }

        IEnumerable<string> DefectsOf(JsonElement part, JsonNode? value, bool same)
        {
            var media = part.GetProperty("content").EnumerateObject().First().Value;
            var declared = media.GetProperty("schema");
            var examples = media.TryGetProperty("examples", out var all)
                ? all.EnumerateObject().Select(example => example.Value.GetProperty("value")).ToList()
                : [];
            return
            [
                .. schema.Errors(declared, JsonSerializer.SerializeToElement(value), ""),
                .. examples.SelectMany(example => schema.Errors(declared, example, "example")),
                .. examples.Exists(example => !same || JsonNode.DeepEquals(value, JsonNode.Parse(example.GetRawText())))
                    ? Array.Empty<string>()
                    : ["the OpenAPI document has no such example"],
            ];
        }
    }

    private static JsonObject Of(DocumentedExchange exchange, JsonNode? answer) => new()
    {
        ["call"] = exchange.Call,
        ["target"] = exchange.Target,
        ["request"] = exchange.Body is { } body ? JsonNode.Parse(body) : null,
        ["status"] = exchange.Status,
        ["answer"] = answer?.DeepClone(),
    };

    private static bool IsSameRequest(JsonNode one, JsonNode other) =>
        one["target"]!.ToString() == other["target"]!.ToString() && JsonNode.DeepEquals(one["request"], other["request"]);

    private static JsonNode? Cut(JsonNode? value) => value switch
    {
        JsonArray elements => new JsonArray([.. elements.Take(MostElements).Select(Cut)]),
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Cut(field.Value)))),
        _ => value?.DeepClone(),
    };

    private static string Location([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(here)!, "..", "..", "..", "src", "Morag.Failover.Node", "Http", "OpenApi", "examples.json"));
}
