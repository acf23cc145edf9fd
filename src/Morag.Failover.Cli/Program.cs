using System.Text;
using Morag.Failover.Cli.CommandLine;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
return await new MoragCommandLine(Console.Out, Console.Error, Console.OpenStandardInput(), TimeProvider.System).RunAsync(args);
