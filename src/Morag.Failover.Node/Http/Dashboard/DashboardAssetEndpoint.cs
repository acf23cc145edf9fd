using Microsoft.Net.Http.Headers;
using Morag.Failover.Dashboard;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary><c>GET /assets/{name}</c>: the style sheet, the script and the icon. Their addresses change with their content.</summary>
internal static class DashboardAssetEndpoint
{
    public static void MapAssets(this IEndpointRouteBuilder dashboard) => dashboard.MapGet("/assets/{name}", Read).AllowAnonymous();

    private static IResult Read(HttpContext context, string name)
    {
        if (DashboardAsset.Find(name) is not { } asset)
        {
            return Problem.OfStatus(StatusCodes.Status404NotFound);
        }

        var isCurrent = context.Request.Query["v"] == asset.Digest;
        context.Response.Headers.CacheControl = isCurrent ? "public, max-age=31536000, immutable" : "no-cache";
        return TypedResults.Bytes(asset.Content, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Digest}\""));
    }
}
