using Morag.Failover.Node.Http.Dashboard;
using Scalar.AspNetCore;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary><c>GET /docs</c>: the OpenAPI document to read and to try, with everything from this node.</summary>
internal static class ReadingPage
{
    private const string Address = "/docs";

    /// <summary>Maps the document, and the page that shows it to whoever may read the API.</summary>
    public static void MapApiDocument(this IEndpointRouteBuilder app)
    {
        app.MapGet("/openapi/v1.json", async (ApiDocument document) => TypedResults.Bytes(await document.ReadAsync(), "application/json"))
            .WithMetadata(DashboardCall.Part).ExcludeFromDescription();
        app.MapGroup("").WithMetadata(DashboardCall.Page).MapScalarApiReference(Address, Configure)
            .AddEndpointFilter((call, next) =>
            {
                // Scalar adds style elements of its own. Scripts run only with the nonce of this answer, or from this node.
                call.HttpContext.Response.Headers.ContentSecurityPolicy =
                    "default-src 'none'; script-src 'self'" + $" 'nonce-{NonceOf(call.HttpContext)}'"
                    + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'"
                    + "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
                return next(call);
            });
    }

    private static void Configure(ScalarOptions options, HttpContext context)
    {
        options.Title = "Morag Failover: HTTP API";
        options.Nonce = NonceOf(context);
        options.DefaultFonts = false;
        options.Telemetry = false;
        options.HideClientButton = true;
        options.HideDeveloperTools().DisableAgent().DisableMcp();
    }

    private static string NonceOf(HttpContext context)
    {
        if (context.Items[typeof(ReadingPage)] is not string nonce)
        {
            nonce = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
            context.Items[typeof(ReadingPage)] = nonce;
        }

        return nonce;
    }
}
