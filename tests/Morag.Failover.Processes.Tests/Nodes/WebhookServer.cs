using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>What a receiver of alerts got.</summary>
internal sealed record ReceivedChange(string Signature, string Body)
{
    private JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Id => Json.GetProperty("id").GetString()!;

    public string Event => Json.GetProperty("event").GetString()!;

    public string? Kind => Json.GetProperty("alert") is { ValueKind: JsonValueKind.Object } alert
        ? alert.GetProperty("kind").GetString()
        : null;

    /// <summary>Checks the signature as docs/alerts.md says.</summary>
    public bool IsSignedWith(string secret)
    {
        var parts = Signature.Split(',').Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{parts["t"]}.{Body}"));
        var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["t"], CultureInfo.InvariantCulture));
        var age = TimeProvider.System.GetUtcNow() - sent;
        return Convert.ToHexStringLower(expected) == parts["v1"] && age.Duration() < TimeSpan.FromMinutes(5);
    }
}

/// <summary>A receiver of alerts, at a free port of loopback.</summary>
internal sealed class WebhookServer : IAsyncDisposable
{
    private readonly WebApplication app;

    public WebhookServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            Got.Enqueue(new ReceivedChange(context.Request.Headers["Morag-Signature"]!, await body.ReadToEndAsync()));
        });
    }

    public ConcurrentQueue<ReceivedChange> Got { get; } = new();

    public string Address => app.Urls.Single();

    public Task StartAsync() => app.StartAsync();

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
