using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>The OpenAPI document of this node. It is built once, for the first reader, because its calls do not change.</summary>
internal sealed class ApiDocument(IServiceProvider services)
{
    /// <summary>Its name.</summary>
    public const string Name = "v1";

    private readonly Lazy<Task<byte[]>> document = new(() => BuildAsync(services));

    /// <summary>The document as JSON.</summary>
    public Task<byte[]> ReadAsync() => document.Value;

    private static async Task<byte[]> BuildAsync(IServiceProvider services)
    {
        var built = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        built.SerializeAsV31(new OpenApiJsonWriter(text));
        return System.Text.Encoding.UTF8.GetBytes(text.ToString());
    }
}
