using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>A request and the answer of a real node to it. Long arrays of the answer are cut.</summary>
/// <param name="Call">The call, such as <c>GET /api/v1/tasks/{id}</c>.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Request">The body; null if there is none.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Answer">The body of the answer.</param>
internal sealed record CallExample(string Call, string Target, JsonNode? Request, int Status, JsonNode? Answer);

/// <summary>The examples of the OpenAPI document: the requests of <c>docs/http-api.md</c>, with the answers of a real node.</summary>
internal sealed class CallExamples
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly ILookup<string, CallExample> byCall = Read().ToLookup(example => example.Call);

    /// <summary>Adds the examples of a call to its description.</summary>
    public void AddTo(OpenApiOperation operation, string call)
    {
        var number = 0;
        foreach (var example in byCall[call])
        {
            number++;
            Add(operation.RequestBody?.Content, "application/json", number, example.Request);
            var status = example.Status.ToString(CultureInfo.InvariantCulture);
            if (operation.Responses?.TryGetValue(status, out var answer) is true)
            {
                Add(answer.Content, answer.Content?.Keys.FirstOrDefault() ?? "", number, example.Answer);
            }

            AddParameters(operation, example);
        }
    }

    private static void Add(IDictionary<string, OpenApiMediaType>? content, string type, int number, JsonNode? value)
    {
        if (value is not null && content?.TryGetValue(type, out var media) is true)
        {
            media.Examples ??= new Dictionary<string, IOpenApiExample>();
            media.Examples[$"example-{number}"] = new OpenApiExample { Value = value.DeepClone() };
        }
    }

    private static void AddParameters(OpenApiOperation operation, CallExample example)
    {
        var address = new Uri(new Uri("http://node"), example.Target);
        var query = QueryHelpers.ParseQuery(address.Query);
        var path = example.Call.Split(' ')[1].Split('/').Zip(address.AbsolutePath.Split('/'))
            .Where(pair => pair.First.StartsWith('{'))
            .ToDictionary(pair => pair.First.Trim('{', '}'), pair => Uri.UnescapeDataString(pair.Second), StringComparer.Ordinal);
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            var value = path.GetValueOrDefault(parameter.Name!) ?? query.GetValueOrDefault(parameter.Name!).FirstOrDefault();
            if (value is not null && parameter.Example is null)
            {
                parameter.Example = value;
            }
        }
    }

    private static List<CallExample> Read()
    {
        using var file = typeof(CallExamples).Assembly.GetManifestResourceStream("examples.json")!;
        return JsonSerializer.Deserialize<List<CallExample>>(file, Names)!;
    }
}
