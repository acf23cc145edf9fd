using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Tests;

/// <summary>A call that the fake node received.</summary>
public sealed record SeenCall(string Method, string PathAndQuery, string? Token, JsonNode? Body);

/// <summary>An HTTP server on a loopback port that can be restarted, and that records every call.</summary>
public class FakeNode : IAsyncDisposable
{
    private readonly ConcurrentQueue<SeenCall> calls = new();
    private readonly int port = RedisTestServer.FreePort();
    private WebApplication? server;

    /// <summary>Answers a call; null answers 404.</summary>
    public Func<SeenCall, HttpContext, Task<IResult?>> Answer { get; set; } = (_, _) => Task.FromResult<IResult?>(null);

    /// <summary>The token that calls need; null accepts every call.</summary>
    public string? RequiredToken { get; set; }

    public Uri Address => new($"http://127.0.0.1:{port}/");

    public IReadOnlyCollection<SeenCall> Calls => calls;

    public IEnumerable<SeenCall> CallsTo(string method, string pathEnd) =>
        calls.Where(call => call.Method == method && call.PathAndQuery.Split('?')[0].EndsWith(pathEnd, StringComparison.Ordinal));

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address.ToString());
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        server = builder.Build();
        server.UseWebSockets();
        server.Run(HandleAsync);
        await server.StartAsync();
    }

    public async Task StopAsync()
    {
        if (server is not null)
        {
            await server.StopAsync(new CancellationToken(canceled: true));
            await server.DisposeAsync();
            server = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await StopAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
        var token = context.Request.Headers.Authorization.ToString() is { Length: > 7 } header ? header[7..] : null;
        var call = new SeenCall(
            context.Request.Method,
            context.Request.Path + context.Request.QueryString.ToString(),
            token,
            body.Length == 0 ? null : JsonNode.Parse(body));
        calls.Enqueue(call);
        if (RequiredToken is { } required && token != required)
        {
            await Results.Problem("the token is not valid", type: ProblemTypes.Unauthorized, statusCode: (int)HttpStatusCode.Unauthorized)
                .ExecuteAsync(Services(context));
            return;
        }

        var answer = await Answer(call, context) ?? Results.Problem($"nothing found at {call.PathAndQuery}", statusCode: 404);
        if (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await answer.ExecuteAsync(Services(context));
        }
    }

    private static HttpContext Services(HttpContext context)
    {
        context.RequestServices ??= new ServiceCollection().AddLogging().BuildServiceProvider();
        return context;
    }

    /// <summary>The answer to a health check; null for any other call.</summary>
    public static IResult? Health(SeenCall call) => call.PathAndQuery switch
    {
        "/health/live" => Json(new { status = "live" }),
        "/health/ready" => Json(new { status = "ready" }),
        _ => null,
    };

    public static IResult Json(object value) => Results.Text(JsonSerializer.Serialize(value), "application/json");
}
