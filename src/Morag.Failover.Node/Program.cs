using Morag.Failover.Node;

return await NodeProgram.RunAsync(args, Console.Out, Console.Error);
