using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Shell;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>Lines that are typed into the shell, up to the exit code.</summary>
public sealed class InteractiveShellSpecs
{
    [Fact]
    public async Task Should_say_that_a_quote_is_not_closed_and_run_nothing()
    {
        var (exitCode, terminal, error) = await TypeAsync("hash 'a b\r");

        Assert.Equal((ExitCode.Usage, ""), (exitCode, error));
        Assert.Contains("morag: a quote is not closed", terminal.Written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_run_what_is_in_single_quotes_as_one_word_without_them()
    {
        var (exitCode, _, error) = await TypeAsync("completion 'no shell'\r");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("no shell", error, StringComparison.Ordinal);
        Assert.DoesNotContain("'no'", error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, FakeTerminal Terminal, string Error)> TypeAsync(string text)
    {
        var file = Path.Combine(Path.GetTempPath(), $"morag-{Guid.NewGuid():N}", "history");
        var terminal = new FakeTerminal();
        terminal.Type(text);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var commands = new MoragCommandLine(output, error, Stream.Null, new FakeTimeProvider());
        try
        {
            var exitCode = await new InteractiveShell(commands, [], terminal, new ShellHistory(file)).RunAsync(
                () => new NodeConnection(new Uri("http://127.0.0.1:1/"), BearerToken.None), CancellationToken.None);
            return (exitCode, terminal, error.ToString());
        }
        finally
        {
            if (Directory.Exists(Path.GetDirectoryName(file)))
            {
                Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
            }
        }
    }
}
