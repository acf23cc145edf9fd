using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>
/// The OpenAPI document of this node. It is built once, for the first reader, because its calls do not change; again if that failed.
/// </summary>
internal sealed class ApiDocument(IServiceProvider services)
{
    /// <summary>Its name.</summary>
    public const string Name = "v1";

    private readonly Lock gate = new();
    private Task<byte[]>? document;

    /// <summary>The document as JSON.</summary>
    public Task<byte[]> ReadAsync()
    {
        lock (gate)
        {
            if (document is null or { IsCompleted: true, IsCompletedSuccessfully: false })
            {
                document = Task.Run(() => BuildAsync(services));
            }

            return document;
        }
    }

    private static async Task<byte[]> BuildAsync(IServiceProvider services)
    {
        var built = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        built.SerializeAsV31(new OpenApiJsonWriter(text));
        return System.Text.Encoding.UTF8.GetBytes(text.ToString());
    }
}
