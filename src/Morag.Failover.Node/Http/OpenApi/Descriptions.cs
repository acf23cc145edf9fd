using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>Describes endpoints for the OpenAPI document where it cannot be inferred from the code.</summary>
internal static class Descriptions
{
    /// <summary>Declares what the call does and returns, and that its errors are problem details.</summary>
    public static RouteHandlerBuilder Describes<TAnswer>(
        this RouteHandlerBuilder endpoint, string summary, int status = StatusCodes.Status200OK) =>
        endpoint.WithSummary(summary).Produces<TAnswer>(status).WithProblems();

    /// <summary>Declares a stream of server-sent events.</summary>
    public static RouteHandlerBuilder DescribesStream(this RouteHandlerBuilder endpoint, string summary) =>
        endpoint.WithSummary(summary).Produces<string>(StatusCodes.Status200OK, "text/event-stream").WithProblems();

    /// <summary>Declares the request body.</summary>
    public static RouteHandlerBuilder Reads<TRequest>(this RouteHandlerBuilder endpoint)
        where TRequest : notnull => endpoint.Accepts<TRequest>("application/json")
            .Produces<Problem>(StatusCodes.Status415UnsupportedMediaType, "application/problem+json");

    private static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder endpoint)
    {
        foreach (var status in new[] { 400, 401, 404, 409, 413, 429, 503 })
        {
            endpoint.Produces<Problem>(status, "application/problem+json");
        }

        return endpoint;
    }
}
