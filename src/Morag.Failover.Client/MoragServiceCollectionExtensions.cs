using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Morag.Failover.Client.Http;
using Morag.Failover.Client.Workers;

namespace Morag.Failover.Client;

/// <summary>Adds the client and its workers to a host.</summary>
public static class MoragServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IMoragClient"/>, and the <see cref="IMoragTransport"/> over HTTP that workers use too. The options are validated
    /// when the host starts.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddMoragFailover(this IServiceCollection services, Action<MoragFailoverOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        _ = services.AddOptions<MoragFailoverOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MoragFailoverOptions>, MoragOptionsValidation>());
        services.TryAddSingleton<IMoragTransport>(provider => new HttpTransport(
            provider.GetRequiredService<IOptions<MoragFailoverOptions>>().Value,
            provider.GetService<ILogger<HttpTransport>>(),
            provider.GetService<TimeProvider>()));
        services.TryAddSingleton<IMoragClient>(provider => new MoragClient(
            provider.GetRequiredService<IMoragTransport>(),
            provider.GetRequiredService<IOptions<MoragFailoverOptions>>().Value.Retries,
            provider.GetService<TimeProvider>()));
        return services;
    }

    /// <summary>
    /// Adds a worker that runs a handler for each task. It needs a transport, as <see cref="AddMoragFailover"/> adds one. The handler is
    /// scoped unless it is already registered otherwise. A host can have several workers, each with a handler type and a
    /// <see cref="MoragWorkerOptions.WorkerId"/> of its own.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options. They are validated when the host starts.</param>
    public static IServiceCollection AddMoragWorker<THandler>(this IServiceCollection services, Action<MoragWorkerOptions> configure)
        where THandler : class, ITaskHandler
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(static service => service.ImplementationType == typeof(MoragWorkerService<THandler>)))
        {
            throw new InvalidOperationException(
                $"A worker with the handler {typeof(THandler)} was added before. Each worker needs its own handler type; derive one.");
        }

        _ = services.AddOptions<MoragWorkerOptions>(MoragWorkerService<THandler>.Name).Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MoragWorkerOptions>, MoragOptionsValidation>());
        services.TryAddScoped<THandler>();
        return services.AddHostedService<MoragWorkerService<THandler>>();
    }
}
