using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Morag.Failover.Client.Akka;

/// <summary>Adds the client over Akka.NET to a host.</summary>
public static class MoragClusterClientExtensions
{
    /// <summary>
    /// Adds <see cref="IMoragClient"/>, and the <see cref="IMoragTransport"/> over <c>ClusterClient</c> that workers use too. Call it
    /// instead of <c>AddMoragFailover</c>. The options are validated when the host starts.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddMoragClusterClient(
        this IServiceCollection services, Action<MoragClusterClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        _ = services.AddOptions<MoragClusterClientOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<MoragClusterClientOptions>, MoragClusterClientValidation>());
        services.TryAddSingleton<IMoragTransport>(provider =>
            new ClusterClientTransport(provider.GetRequiredService<IOptions<MoragClusterClientOptions>>().Value));
        services.TryAddSingleton<IMoragClient>(provider => new MoragClient(
            provider.GetRequiredService<IMoragTransport>(),
            provider.GetRequiredService<IOptions<MoragClusterClientOptions>>().Value.Retries,
            provider.GetService<TimeProvider>()));
        return services;
    }

    /// <summary>Checks the options, and names each one that breaks a rule, with the rule.</summary>
    private sealed class MoragClusterClientValidation : IValidateOptions<MoragClusterClientOptions>
    {
        public ValidateOptionsResult Validate(string? name, MoragClusterClientOptions options) =>
            options.BrokenRules().ToList() is { Count: > 0 } rules ? ValidateOptionsResult.Fail(rules) : ValidateOptionsResult.Success;
    }
}
