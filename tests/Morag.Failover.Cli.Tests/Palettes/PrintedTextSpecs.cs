using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Palettes;

public sealed class PrintedTextSpecs
{
    [Theory]
    [InlineData("a\tb\nc\r\nd", "a\tb\nc\r\nd")]
    [InlineData("a\u001b[31mb", "a\\u001b[31mb")]
    [InlineData("over\rwritten", "over\\rwritten")]
    [InlineData("end\r", "end\\r")]
    [InlineData("\u009b2J\u007f\0", "\\u009b2J\\u007f\\u0000")]
    public void Should_make_control_characters_visible(string text, string printed)
    {
        foreach (var write in (Action<PrintedText>[])
            [output => output.Write(text), output => output.Write(text.ToCharArray()), output => output.Write("{0}", text)])
        {
            using var inner = new StringWriter();
            using var output = new PrintedText(inner, isTerminal: false);

            write(output);

            Assert.Equal(printed, inner.ToString());
        }
    }

    [Theory]
    [InlineData(true, "\\u001b[2J\n")]
    [InlineData(false, "\u001b[2J\n")]
    public void Should_print_a_value_unchanged_except_on_a_terminal(bool isTerminal, string printed)
    {
        using var inner = new StringWriter();
        using var output = new PrintedText(inner, isTerminal);

        output.WriteValue("\u001b[2J\n");

        Assert.Equal(printed, inner.ToString());
    }
}
