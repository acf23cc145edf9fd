using System.Text.Json;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>The OpenAPI document of a node.</summary>
internal sealed record OpenApiDocument(JsonElement Root)
{
    /// <summary>The calls, such as <c>GET /api/v1/tasks/{id}</c>.</summary>
    public IEnumerable<string> Calls => Root.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));

    /// <summary>Reads the document of a node.</summary>
    public static async Task<OpenApiDocument> ReadAsync(RawClient node)
    {
        using var answer = await node.SendAsync(new RawRequest("GET", "/openapi/v1.json"));
        return new(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>What the document says about a call.</summary>
    public JsonElement Operation(string call)
    {
        var name = call.Split(' ');
        return Root.GetProperty("paths").GetProperty(name[1]).GetProperty(name[0].ToLowerInvariant());
    }
}
