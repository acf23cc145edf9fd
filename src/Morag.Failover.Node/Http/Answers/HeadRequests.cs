namespace Morag.Failover.Node.Http.Answers;

/// <summary>
/// Answers HEAD like GET, with the same status and headers; the server omits the body. This makes every readable call probeable without
/// a route of its own.
/// </summary>
internal sealed class HeadRequests(RequestDelegate next)
{
    /// <summary>Whether the request is a HEAD request. A stream must then end at once, because nobody reads it.</summary>
    public static bool WantsHeadersOnly(HttpContext context) => context.Features.Get<HeadersOnly>() is not null;

    public Task InvokeAsync(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
            context.Features.Set(HeadersOnly.Instance);
        }

        return next(context);
    }

    private sealed class HeadersOnly
    {
        public static readonly HeadersOnly Instance = new();
    }
}
