using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Building the OpenAPI document.</summary>
public sealed class ApiDocumentSpecs
{
    [Fact]
    public async Task Should_build_the_document_again_after_a_failure_and_only_then()
    {
        var builder = new FailsOnce();
        await using var services = new ServiceCollection()
            .AddKeyedSingleton<IOpenApiDocumentProvider>(ApiDocument.Name, builder)
            .BuildServiceProvider();
        var document = new ApiDocument(services);

        await Assert.ThrowsAsync<InvalidOperationException>(document.ReadAsync);

        Assert.NotEmpty(await document.ReadAsync());
        Assert.NotEmpty(await document.ReadAsync());
        Assert.Equal(2, builder.Calls);
    }

    private sealed class FailsOnce : IOpenApiDocumentProvider
    {
        public int Calls { get; private set; }

        public Task<OpenApiDocument> GetOpenApiDocumentAsync(CancellationToken cancellationToken = default) => ++Calls == 1
            ? throw new InvalidOperationException("spec")
            : Task.FromResult(new OpenApiDocument { Info = new() { Title = "spec", Version = "1" }, Paths = [] });
    }
}
