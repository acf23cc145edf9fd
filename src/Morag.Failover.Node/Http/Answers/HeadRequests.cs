namespace Morag.Failover.Node.Http.Answers;

/// <summary>
/// Answers HEAD as GET: the same status and headers, and no body, which the server itself leaves out. Every call that can be read can
/// be probed, also those that are added later.
/// </summary>
internal sealed class HeadRequests(RequestDelegate next)
{
    /// <summary>Whether the caller wants the headers alone. A stream has to end then: nobody reads it.</summary>
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
