using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Morag.Failover.Node.Stores;
using StackExchange.Redis;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// Keeps the keys that protect the sessions and forms of the dashboard in Redis, so that all nodes of a cluster share them and a node that
/// restarts still knows them.
/// </summary>
internal sealed class DashboardKeys(StoreAddress store) : IXmlRepository, IHostedLifecycleService, IAsyncDisposable
{
    /// <summary>The Redis hash of the keys, by name.</summary>
    public const string Key = "morag:dashboard-keys";

    private ConnectionMultiplexer? redis;

    /// <summary>
    /// Connects before any service starts: Data Protection reads the keys when it starts, and it may have been added before this.
    /// </summary>
    public async Task StartingAsync(CancellationToken cancellationToken) =>
        redis = await store.ConnectAsync("morag-dashboard-keys", waits: true);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Database.HashGetAll(Key, CommandFlags.DemandMaster).Select(entry => XElement.Parse(entry.Value.ToString()))];

    /// <inheritdoc />
    public void StoreElement(XElement element, string friendlyName) =>
        Database.HashSet(Key, friendlyName, element.ToString(SaveOptions.DisableFormatting));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (redis is not null)
        {
            await redis.DisposeAsync();
        }
    }

    /// <summary>The database of the keys.</summary>
    public IDatabase Database => redis?.GetDatabase() ?? throw new InvalidOperationException("The node has not started");
}
