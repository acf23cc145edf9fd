using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Morag.Failover.Client.Workers;

namespace Morag.Failover.Client;

/// <summary>Checks options, and names each one that breaks a rule, with the rule.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "created by the service provider")]
internal sealed class MoragOptionsValidation : IValidateOptions<MoragFailoverOptions>, IValidateOptions<MoragWorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, MoragFailoverOptions options) => Result(options.BrokenRules());

    public ValidateOptionsResult Validate(string? name, MoragWorkerOptions options) => Result(options.BrokenRules());

    private static ValidateOptionsResult Result(IEnumerable<string> broken) =>
        broken.ToList() is { Count: > 0 } rules ? ValidateOptionsResult.Fail(rules) : ValidateOptionsResult.Success;
}
