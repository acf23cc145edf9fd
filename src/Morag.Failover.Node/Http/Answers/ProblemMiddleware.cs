using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>Turns every error into problem details, so that all errors of the API have the same shape.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        CallPatience.Begin();
        var problem = await Run(context);
        if (problem is not null && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            var allow = context.Response.Headers.Allow.ToString();
            context.Response.Clear();
            if (allow.Length > 0)
            {
                // Routes declare GET only; HeadRequests serves HEAD for each of them.
                context.Response.Headers.Allow = allow.Replace("GET", "GET, HEAD", StringComparison.Ordinal);
            }

            await problem.ExecuteAsync(context);
        }
    }

    private async Task<Problem?> Run(HttpContext context)
    {
        try
        {
            await next(context);
            return IsBareError(context.Response) ? Problem.OfStatus(context.Response.StatusCode) : null;
        }
        catch (ProblemException refused)
        {
            return refused.Problem;
        }
        catch (BadHttpRequestException broken)
        {
            return Problem.OfStatus(broken.StatusCode, broken.Message);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
            return null;
        }
#pragma warning disable CA1031 // The last resort: the call fails with a problem, the cause is logged, and the node keeps serving.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            log.CallFailed(failure, context.Request.Method, LogText.Of(context.Request.Path));
            return Problem.OfStatus(
                StatusCodes.Status500InternalServerError, "The call failed unexpectedly. The node's log has the cause.");
        }
    }

    private static bool IsBareError(HttpResponse response) =>
        response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null };
}
