using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>Runs a worker while the host runs.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "created by the host")]
internal sealed class MoragWorkerService<THandler>(
    IMoragTransport transport,
    IServiceScopeFactory scopes,
    IOptionsMonitor<MoragWorkerOptions> options,
    ILogger<MoragWorkerService<THandler>> log,
    IServiceProvider services) : BackgroundService
    where THandler : class, ITaskHandler
{
    /// <summary>The name of the options.</summary>
    public static string Name { get; } = typeof(THandler).FullName ?? typeof(THandler).Name;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        using var worker = new WorkerRuntime(transport, options.Get(Name), HandleAsync, log, clock);

        // A host stops its services one after the other, but all workers begin to drain at once.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
            stoppingToken, services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);
        await worker.RunAsync(stopping.Token);
    }

    private async Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(task, cancellation);
    }
}
