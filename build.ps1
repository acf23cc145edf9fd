# build.ps1 [build|test|run|bench|pack] [arguments]: the thin twin of build.sh; all logic is in dotnet.
param([string]$Target = "build", [Parameter(ValueFromRemainingArguments)][string[]]$Rest = @())
$ErrorActionPreference = "Stop"
Set-Location $PSScriptRoot
switch ($Target) {
    "build" { dotnet build @Rest }
    "test" { dotnet test @Rest }
    "run" { dotnet run --project src/Morag.Failover.Node @Rest }
    "bench" { dotnet run -c Release --project benchmarks/Morag.Failover.Benchmarks -- @Rest }
    "pack" { dotnet pack -c Release -o artifacts @Rest }
    default { Write-Error "build.ps1: unknown target '$Target'; use one of build, test, run, bench, pack" -ErrorAction Continue; exit 2 }
}
exit $LASTEXITCODE
