using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Morag.Failover.TestHosts;

/// <summary>Hosts for workers and clients under test.</summary>
internal static class QuietHost
{
    /// <summary>Starts a host that logs nothing.</summary>
    public static async Task<IHost> StartAsync(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateApplicationBuilder();
        _ = builder.Logging.ClearProviders();
        configure(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
