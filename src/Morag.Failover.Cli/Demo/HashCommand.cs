using System.CommandLine;
using System.Security.Cryptography;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Demo;

/// <summary><c>morag hash</c>, the demo's command on machines without <c>sha256sum</c>.</summary>
internal static class HashCommand
{
    public static Command Build()
    {
        var delay = new Option<double>("--delay") { Description = "Seconds to wait first" };
        var command = new Command("hash", "Print the SHA-256 hash of the file whose path is on standard input") { delay };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellation) =>
        {
            using var input = new StreamReader(Console.OpenStandardInput());
            var path = await input.ReadToEndAsync(cancellation);
            await Task.Delay(TimeSpan.FromSeconds(parsed.GetValue(delay)), TimeProvider.System, cancellation);
            await using var file = File.OpenRead(path);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation)));
            return ExitCode.Ok;
        });
        return command;
    }
}
