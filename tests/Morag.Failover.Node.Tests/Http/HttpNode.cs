using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Actors;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http;
using Morag.Failover.Node.Http.Health;
using Morag.Failover.Node.Inspection;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>The HTTP API of a node on a real Kestrel at a free port, a cluster of one, and stubs in the owners' place.</summary>
public sealed class HttpNode : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FailureLog log;
    private int openCalls;

    private HttpNode(WebApplication app, ActorSystem system, StubRegions owners, FakeTimeProvider presenceClock, FailureLog log)
    {
        PresenceClock = presenceClock;
        this.log = log;
        App = app;
        System = system;
        Owners = owners;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = Patience };
    }

    public WebApplication App { get; }

    public ActorSystem System { get; }

    public StubRegions Owners { get; }

    /// <summary>Whether the members of the cluster are in doubt, as the node sees it.</summary>
    internal ClusterDoubt Doubt => App.Services.GetRequiredService<ClusterDoubt>();

    /// <summary>The permit by which the node answers.</summary>
    internal NodePresence Presence => App.Services.GetRequiredService<NodePresence>();

    /// <summary>The clock of <see cref="Presence"/>, which expires after <see cref="Patience"/>.</summary>
    internal FakeTimeProvider PresenceClock { get; }

    public HttpClient Client { get; }

    /// <summary>The calls that the node is answering now.</summary>
    public int OpenCalls => Volatile.Read(ref openCalls);

    /// <summary>What the node has logged with an exception, which operators see as a stack trace.</summary>
    public IReadOnlyCollection<string> LoggedFailures => log.Entries;

    public static async Task<HttpNode> Start(
        HttpApiSettings? settings = null, FailoverSettings? failover = null, Config? akka = null, params ReadinessCheck[] checks)
    {
        var system = ActorSystem.Create("http", (akka ?? Config.Empty).WithFallback(ConfigurationFactory.ParseString("""
            akka.loglevel = WARNING
            akka.stdout-loglevel = OFF
            akka.actor.provider = cluster
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
            """)));
        var cluster = Akka.Cluster.Cluster.Get(system);
        await cluster.JoinAsync(cluster.SelfAddress);

        var (feed, level) = (new NodeLogFeed(TimeProvider.System), new LogLevelSwitch(LogSeverity.Warning));
        system.ActorOf(NodeInspector.Props(feed, level), NodeInspector.Name);
        system.ActorOf(Props.Create(() => new ActorLogListener(feed, level)));
        var owners = new StubRegions(system);
        var builder = WebApplication.CreateSlimBuilder();
        var log = new FailureLog();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        builder.Services.AddSingleton(system);
        builder.Services.AddSingleton<IFailoverRegions>(owners);
        builder.Services.AddSingleton<IOutageWatch>(new FreezeWatch(SteadyClock.OfProcess, TimeSpan.FromSeconds(5)));
        builder.Services.AddSingleton(failover ?? FailoverSettings.Default);
        foreach (var check in checks)
        {
            builder.Services.AddSingleton(check);
        }

        builder.Services.AddSingleton(new ClusterDoubt(new OwnerHealth()));
        var presenceClock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var presence = new NodePresence(Patience, presenceClock);
        builder.Services.AddSingleton(presence);
        builder.Services.AddSingleton<IServingPermit>(presence);
        builder.Services.AddFailoverHttp(settings ?? new HttpApiSettings());
        var app = builder.Build();
        HttpNode? node = null;
        app.Use((context, next) => node!.Count(() => next(context)));
        app.MapFailoverApi();
        await app.StartAsync();
        node = new HttpNode(app, system, owners, presenceClock, log);
        return node;
    }

    /// <summary>Calls with a JSON body, where one is given.</summary>
    public async Task<HttpAnswer> Call(string method, string path, string? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await Send(request);
    }

    /// <summary>Every entry of a list, page by page.</summary>
    public async Task<IReadOnlyList<JsonElement>> Every(string path)
    {
        var entries = new List<JsonElement>();
        for (string? next = path; next is not null;)
        {
            var answer = await Call("GET", next);
            Assert.True(answer.Status == 200, answer.Body.ToString());
            entries.AddRange(answer.Body.EnumerateArray());
            next = answer.Next;
        }

        return entries;
    }

    public async Task<HttpAnswer> Send(HttpRequestMessage request)
    {
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new HttpAnswer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text),
            response.Headers.ToDictionary(
                header => header.Key,
                header => string.Join(", ", header.Value),
                StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Loads a page of the dashboard.</summary>
    /// <returns>The status, the page, and the parts that it says are missing.</returns>
    public async Task<(int Status, string Html, string Missing)> GetPage(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        using var response = await Client.SendAsync(request);
        var missing = response.Headers.TryGetValues(ResponseHeaders.Incomplete, out var parts) ? string.Join(", ", parts) : "";
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(), missing);
    }

    private async Task Count(Func<Task> call)
    {
        Interlocked.Increment(ref openCalls);
        try
        {
            await call();
        }
        finally
        {
            Interlocked.Decrement(ref openCalls);
        }
    }

    private sealed class FailureLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Entries { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null)
            {
                Entries.Enqueue($"{formatter(state, exception)}: {exception}");
            }
        }

        public void Dispose()
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
        await System.Terminate();
    }
}

/// <summary>An answer, read.</summary>
public sealed record HttpAnswer(int Status, string? MediaType, JsonElement Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The next page, where there is one.</summary>
    public string? Next => Headers.TryGetValue("Link", out var link) ? link[1..link.IndexOf('>', StringComparison.Ordinal)] : null;

    public string? Text(string field) => Body.TryGetProperty(field, out var value) ? value.ToString() : null;
}
