using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// Gives the calls of the dashboard their headers, and turns errors into pages. A call of <c>/</c> that does not ask for HTML is not one of
/// the dashboard, and is answered as any other unknown path.
/// </summary>
internal sealed class DashboardMiddleware(RequestDelegate next, DashboardView view)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<DashboardCall>() is not { } call)
        {
            await next(context);
            return;
        }

        if (context.Request.Path == "/" && !WantsHtml(context.Request))
        {
            context.SetEndpoint(null);
            await next(context);
            return;
        }

        view.AddHeaders(context);
        if (call != DashboardCall.Page || context.Request.Query.ContainsKey("format"))
        {
            await next(context);
            return;
        }

        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            PageReads.Begin(context);
        }

        var problem = await Run(context);
        if (problem is not null)
        {
            await view.ShowProblem(context, problem);
        }
    }

    private async Task<Problem?> Run(HttpContext context)
    {
        try
        {
            await next(context);
            return null;
        }
        catch (ProblemException refused) when (!context.Response.HasStarted)
        {
            return refused.Problem;
        }
        catch (BadHttpRequestException broken) when (!context.Response.HasStarted)
        {
            return Problem.OfStatus(broken.StatusCode, broken.Message);
        }
        catch (Exception failure) when (StoreFailure.Is(failure) && !context.Response.HasStarted)
        {
            return Problem.Unavailable($"Redis does not answer: {failure.Message}");
        }
    }

    private static bool WantsHtml(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
