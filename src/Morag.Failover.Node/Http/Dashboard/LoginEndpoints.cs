using Microsoft.AspNetCore.Http.HttpResults;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Signing in with a token, and signing out.</summary>
internal static class LoginEndpoints
{
    public static void MapLogin(this IEndpointRouteBuilder pages)
    {
        var login = pages.MapGroup("").AllowAnonymous();
        login.MapGet("/login", Ask);
        login.MapPost("/login", SignIn).AddEndpointFilter<DashboardForms>();
        login.MapPost("/logout", SignOut).AddEndpointFilter<DashboardForms>();
    }

    private static async Task<IResult> Ask(HttpContext context, DashboardView view, AccessTokens tokens, string? from) => tokens.Required
        ? await view.Page<LoginScreen, LoginModel>(context, new(PageAddress.Local(from), Problem: null))
        : TypedResults.LocalRedirect("/");

    private static async Task<IResult> SignIn(
        HttpContext context, DashboardView view, DashboardSessions sessions, AccessTokens tokens, ILogger<DashboardSessions> log)
    {
        var from = PageAddress.Local(DashboardForms.Field(context, "from"));
        try
        {
            var token = tokens.Check((DashboardForms.Field(context, "token") ?? "").Trim());
            if (token.Kind == TokenKind.Worker)
            {
                throw new ProblemException(Problem.Forbidden(token.Name, token.Kind));
            }

            sessions.Open(context, token);
            context.Response.Headers.Location = from;
            return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
        }
        catch (ProblemException refused)
        {
            log.SignInRefused(context.Connection.RemoteIpAddress);
            return await view.Page<LoginScreen, LoginModel>(context, new(from, Why(refused.Problem)), refused.Problem.Status);
        }
    }

    private static string Why(Problem problem) =>
        problem == Problem.Unauthorized() ? "This node does not know the token. Check that it is complete." : problem.Detail;

    private static StatusCodeHttpResult SignOut(HttpContext context, DashboardSessions sessions)
    {
        sessions.Close(context);
        context.Response.Headers.Location = "/login";
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }
}
